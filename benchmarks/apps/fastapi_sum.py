"""The same sum as a FastAPI endpoint, for uvicorn."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Numbers(BaseModel):
    """The posted numbers."""

    data: list[int]


@app.post("/")
def add(numbers: Numbers) -> int:
    """The sum of the posted numbers."""
    return sum(numbers.data)

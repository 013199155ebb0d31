from fastapi import FastAPI, Request
from pydantic import BaseModel

app = FastAPI(title="Adder", docs_url=None)


class Numbers(BaseModel):
    numbers: list[float]


@app.post("/sum")
def add(body: Numbers) -> dict[str, float]:
    return {"sum": sum(body.numbers)}


@app.get("/where", name="where")
def where(request: Request) -> dict[str, str]:
    return {"url": str(request.url), "for": str(request.url_for("where"))}

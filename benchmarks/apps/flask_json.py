"""A Flask view that adds numbers: the JSON request of the benchmark."""

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.post("/sum")
def add():
    """The sum of the posted numbers."""
    return jsonify(sum=sum(request.get_json()["data"]))

"""An exact adding machine as a JSON API.

python apps/sum/app.py
curl -X POST -d '{"data": ["1", "2"]}' http://localhost:5000      # 3
"""

from __future__ import annotations

import os
from pathlib import Path

from endpoint import MAX_BODY, SumEndpoint
from flask import Flask, Response, jsonify, render_template, request, send_file, url_for
from werkzeug.exceptions import HTTPException

app = Flask(__name__)
OPENAPI = Path(__file__).with_name("openapi.json")


@app.route(
    "/", methods=["GET", "POST"]
)  # POST is answered before it comes here; named so that `Allow` is right
def index() -> str | Response:
    """How to use the API: a page for people, JSON for programs."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return render_template("index.html", address=url_for("index", _external=True), max_body=MAX_BODY)
    return jsonify(
        about='POST {"data": [1, "2", 0.5]} to this address; the answer is the exact sum, 3.5',
        description=url_for("openapi", _external=True),
    )


@app.get("/openapi.json")
def openapi() -> Response:
    """The API's description, OpenAPI 3.1."""
    return send_file(OPENAPI, mimetype="application/json")


@app.get("/health")
def health() -> Response:
    """Whether the app answers."""
    return jsonify(status="ok")


@app.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """Every refusal is JSON, with its own headers kept (`Allow`, `Location`)."""
    answer = error.get_response()
    answer.data = jsonify(error=error.description).data
    answer.content_type = "application/json"
    return answer


app.wsgi_app = SumEndpoint(app.wsgi_app)  # see there why POST / does not go through Flask


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "5000")))

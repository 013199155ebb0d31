"""What a visitor sees when something fails.

A page for people, JSON for programs, a reason for neither to guess.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import database
from portico.gate.asking import at_api
from portico.gate.origins import address_of
from portico.gate.problem_details import problem
from portico.gate.state import gate

log = logging.getLogger(__name__)
TITLES = {
    400: "That did not work",
    401: "Please sign in",
    403: "Not for you",
    404: "Nothing here",
    405: "Not this way",
    413: "Too large",
    429: "Too many tries",
    500: "Our mistake",
    503: "One moment",
}
MESSAGES = {
    401: "Sign in to see this page.",
    403: "You are not allowed to open this page.",
    404: "There is no page at this address.",
    405: "This address does not answer to that kind of request.",
    413: "That was more than this page takes.",
    500: "Something went wrong on our side. It has been written to the log.",
    503: "The site's database does not answer at the moment. Try again soon.",
}
NAMES = {
    400: "bad-request",
    401: "sign-in-required",
    403: "forbidden",
    404: "not-found",
    429: "too-many-tries",
}
FORM_EXPIRED = (
    "This form is no longer valid: it was open for too long, or you signed in or out in between. "
    "Open it again."
)


def wants_json() -> bool:
    """Whether the client is a program: it asks the API, asks for JSON rather than HTML, or sends JSON."""
    accepted = request.accept_mimetypes
    if request.is_json or at_api():
        return True
    return accepted["application/json"] > accepted["text/html"]


def install(app: Flask) -> None:
    """Answer every error in one way."""
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.log_exception = _log_bug  # type: ignore[method-assign,assignment]  # Flask's own names the address


def _place() -> str:
    """What was asked, for the log: the route, for in the address may be a link that is as good as a password."""
    return f"{request.method} {request.url_rule.rule}" if request.url_rule else repr(request.path)


def _log_bug(failed: Any) -> None:
    log.error("a bug at %s", _place(), exc_info=failed)


def _form_expired(error: CSRFError) -> AnyResponse:
    log.warning("a form for %s was refused, from %s: %s", _place(), request.remote_addr, error.description)
    return answer(400, FORM_EXPIRED)


def _database_error(error: DBAPIError) -> AnyResponse:
    """A database that is locked, full or gone is a matter of time; a wrong statement is our mistake."""
    log.error("the database failed at %s: %s", _place(), database.reason(error))
    if not database.is_passing(error):
        raise error
    return answer(503, MESSAGES[503], retry_after=5)


def _http_error(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if status == 403 and request.method not in ("GET", "HEAD", "OPTIONS"):
        log.warning("a form for %s was refused, from %s", _place(), request.remote_addr)
    if status < 400 and error.response is not None:
        return make_response(error.response)
    if status == 401 and not wants_json() and request.method == "GET":
        return redirect(f"{url_for('entry.sign_in')}?{address_of(request)}")
    stock = type(error).description
    said = error.description if error.description and error.description != stock else None
    response = answer(status, said or MESSAGES.get(status) or error.name)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def answer(status: int, message: str, retry_after: int | None = None) -> Response:
    """The error as a page, as JSON, or, at the API, as problem details."""
    if at_api():
        response = problem(status, message)
    elif wants_json():
        body = {"error": NAMES.get(status, "error"), "message": message}
        if status == 401:
            body["sign_in"] = gate().site.url + url_for("entry.sign_in")
        response = jsonify(body)
        response.headers.update({"X-Portico-Sign-In": "1"} if status == 401 else {})
    else:
        title = TITLES.get(status, "That did not work")
        response = make_response(render_template("error.html", status=status, heading=title, message=message))
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response

"""POST /: {"data": [1, "2", 0.5]} in, 3.5 out. Plain WSGI, in front of the Flask app."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from exact_sum import NotANumberError, exact_sum, written

MAX_BODY = 32_000_000  # bytes; room for a million numbers of 17 digits and more

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# Fractions and NaN stay text: `exact_sum` reads them as decimals, or refuses them by name.
READER = json.JSONDecoder(parse_float=str, parse_constant=str)
# Python reads an int of up to 4,300 digits only. Longer ones stay text as well; slower, so only when needed.
READER_OF_LONG_INTEGERS = json.JSONDecoder(parse_float=str, parse_constant=str, parse_int=str)


class RefusedError(Exception):
    """The request can't be answered: `status` is the HTTP status line, the message says what is wrong."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class SumEndpoint:
    """Answers POST / and hands every other request on to `app`.

    Flask's request and response objects cost about ten times what adding a few numbers costs. Most apps need
    not care; an endpoint that is called thousands of times a second can stand in front of Flask like this.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in ("/", ""):
            return self.app(environ, start_response)
        try:
            status, text = "200 OK", written(exact_sum(numbers(body_of(environ))))
        except NotANumberError as error:
            status, text = "422 Unprocessable Content", json.dumps({"error": str(error)})
        except RefusedError as error:
            status, text = error.status, json.dumps({"error": str(error)})
        answer = text.encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]


def body_of(environ: Environ) -> bytes:
    """The request's body as it came, whatever content type it claims to have: curl -d says it is a form."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit():
        if int(length) > MAX_BODY:
            raise too_large()
        return bytes(environ["wsgi.input"].read(int(length)))
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = bytes(environ["wsgi.input"].read(MAX_BODY + 1))  # sent in chunks, its length is known at its end
    if len(body) > MAX_BODY:
        raise too_large()
    return body


def numbers(body: bytes) -> list[object]:
    """The list under "data" in a JSON object, its items not yet looked at."""
    try:
        document = decoded(body.decode())
    except UnicodeDecodeError as error:
        raise RefusedError("400 Bad Request", f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RefusedError("400 Bad Request", f"not JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise RefusedError("400 Bad Request", "not JSON that can be read: nested too deeply") from None
    if not isinstance(document, dict):
        raise RefusedError("422 Unprocessable Content", 'not an object: send {"data": [1, 2]}')
    if "data" not in document:
        raise RefusedError("422 Unprocessable Content", 'data: missing; send {"data": [1, 2]}')
    if not isinstance(document["data"], list):
        raise RefusedError("422 Unprocessable Content", 'data: not an array; send {"data": [1, 2]}')
    return document["data"]


def decoded(text: str) -> object:
    """JSON as Python values; numbers that are no short integers as the text they were written in."""
    try:
        return READER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return READER_OF_LONG_INTEGERS.decode(text)


def too_large() -> RefusedError:
    return RefusedError("413 Content Too Large", f"body: longer than {MAX_BODY:,} bytes")

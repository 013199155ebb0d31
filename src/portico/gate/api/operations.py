"""What an operation of the API is: a function whose types say what it takes and gives.

Its types are checked against each request, and the description (OpenAPI) is made of the same types: the two cannot
differ. pydantic does both, and is imported at the first use, so that a site whose API nobody asks does without it.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from flask import Blueprint, Response, request

from portico.errors import UserError
from portico.gate.api.problems import RefusedError, mistaken, refused
from portico.gate.database import serialize
from portico.gate.permissions import Permission, requires
from portico.gate.state import gate

if TYPE_CHECKING:
    from pydantic import TypeAdapter

PREFIX = "/-/api/v1"
blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
OPERATIONS: list[Operation] = []
View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `path` as OpenAPI writes it; `query`, `body` and `answer` are types, None: there is none."""

    name: str
    method: str
    path: str
    summary: str
    details: str
    permission: Permission
    fresh: bool
    status: int
    errors: tuple[int, ...]
    query: Any = None
    body: Any = None
    answer: Any = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    matched: bool = False  # whether it heeds If-Match

    @property
    def tag(self) -> str:
        """The part of the API that it belongs to."""
        return self.path.split("/")[1]


def operation(
    method: str,
    path: str,
    permission: Permission,
    *,
    fresh: bool = False,
    status: int = 200,
    errors: tuple[int, ...] = (),
    match: Callable[..., object] | None = None,
) -> Callable[[View], View]:
    """Make a function an operation of the API.

    Its parameter `query` or `body` takes what was sent, as its type says; all others are parts of the path. `match`
    gives what If-Match is compared with. With `fresh`, a session must have been confirmed a short time ago.
    """

    def make(view: View) -> View:
        hints = get_type_hints(view, include_extras=True)
        answer = hints.pop("return")
        query, body = hints.pop("query", None), hints.pop("body", None)
        summary, _, details = (inspect.getdoc(view) or "").partition("\n")
        made = Operation(
            view.__name__,
            method,
            path,
            summary.rstrip("."),
            details.strip(),
            permission,
            fresh,
            status,
            errors,
            query,
            body,
            None if answer is type(None) else answer,
            hints,
            match is not None,
        )
        OPERATIONS.append(made)
        guarded = requires(permission, fresh=fresh)(_answering(made, view, match))
        rule = re.sub(r"{(\w+)}", lambda found: _part(found.group(1), hints), path)
        blueprint.add_url_rule(rule, view.__name__, guarded, methods=[method])
        return view

    return make


def _part(name: str, hints: Mapping[str, Any]) -> str:
    return f"<int:{name}>" if hints[name] is int else f"<{name}>"


def _answering(
    made: Operation, view: Callable[..., object], match: Callable[..., object] | None
) -> Callable[..., Response]:
    @wraps(view)
    def answer(**parts: Any) -> Response:
        try:
            given = dict(parts)
            if made.query is not None:
                given["query"] = _query(made.query)
            if made.body is not None:
                given["body"] = _body(made.body)
            if match is not None and "If-Match" in request.headers:
                _hold(match, parts)
            return _response(made, view(**given))
        except RefusedError as error:
            return refused(error)
        except UserError as error:
            return mistaken(error)

    return answer


def _response(made: Operation, value: object) -> Response:
    if made.answer is None:
        return Response(status=204)
    text = _written(made.answer, value)
    response = Response(text, status=made.status, mimetype="application/json")
    if made.method == "GET":
        response.set_etag(_tag(text))
        response.make_conditional(request)
    return response


def _hold(match: Callable[..., object], parts: Mapping[str, Any]) -> None:
    """Go on only with what the client has seen; from here to the end of the change nobody else changes it."""
    db = gate().db
    serialize(db)
    db.expire_all()
    answer = get_type_hints(match, include_extras=True)["return"]
    if not request.if_match.contains(_tag(_written(answer, match(**parts)))):
        db.rollback()
        raise RefusedError(412, "It has changed since you read it. Read it again.")


def _tag(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:32]


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """What checks and writes values of a type."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _written(kind: Any, value: object) -> bytes:
    return adapter(kind).dump_json(value)


def _query(kind: Any) -> Any:
    from pydantic import ValidationError

    known = {one.name for one in fields(kind)}
    problems = [
        {"at": f"query.{name}", "problem": "there is no such parameter"}
        for name in request.args
        if name not in known
    ]
    problems += [
        {"at": f"query.{name}", "problem": "given more than once"}
        for name in known
        if len(request.args.getlist(name)) > 1
    ]
    if problems:
        raise RefusedError(422, "The query is not right.", problems)
    try:
        return adapter(kind).validate_python(request.args.to_dict(), strict=False)
    except ValidationError as error:
        raise RefusedError(422, "The query is not right.", _said(error, "query")) from None


def _body(kind: Any) -> Any:
    from pydantic import ValidationError

    if request.mimetype != "application/json":
        raise RefusedError(415, "Send application/json.")
    data = request.get_data(cache=False)
    if b"\\u0000" in data:
        raise RefusedError(
            422, "The body is not right.", [{"at": "body", "problem": "it holds the character NUL"}]
        )
    try:
        return adapter(kind).validate_json(data, strict=True)
    except ValidationError as error:
        malformed = any(one["type"] == "json_invalid" for one in error.errors(include_url=False))
        said = "The body is not JSON." if malformed else "The body is not right."
        raise RefusedError(400 if malformed else 422, said, _said(error, "body")) from None


def _said(error: Any, where: str) -> list[dict[str, str]]:
    """What pydantic found, without what was sent: that may be a secret."""
    return [
        {"at": ".".join([where, *map(str, one["loc"])]), "problem": str(one["msg"])}
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]

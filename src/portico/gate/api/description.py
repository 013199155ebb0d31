"""The description of the API (OpenAPI 3.1), made of the operations and their types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from portico.gate.api.operations import OPERATIONS, PREFIX, Operation, adapter
from portico.gate.problem_details import MEDIA_TYPE
from portico.gate.tokens.scopes import API, API_READ

ABOUT = (
    "The same permissions as the pages, and the same actions. Show an API token (`Authorization: Bearer ptk_...`) "
    "with the scope `api:read` (only to read) or `api`. A page of the gate may use its session instead; its "
    "scripts then send the header `X-CSRFToken`. What is wrong is said as problem details (RFC 9457). "
    "Without `If-Match` the last one to write wins; with it, nobody overwrites what they have not seen."
)
SAID = {
    400: "The request cannot be read, or a session's form lacks its proof",
    401: "Nobody is signed in, or the token is not good; or, with a session, it has to be confirmed that it is you",
    403: "You are not allowed to, or the token lacks the scope",
    404: "There is no such thing",
    409: "It cannot be, as things are",
    412: "It has changed since you read it",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "What was sent is not right; `errors` says where",
    429: "Too many requests with this token",
    503: "The database, or the supervisor, does not answer",
}
DONE = {200: "Done", 201: "Added", 204: "Removed"}
REFERENCE = "#/components/schemas/{model}"


def describe(url: str, cookie: str) -> dict[str, Any]:
    """The whole description, for a site at this URL with a session cookie of this name."""
    schemas, definitions = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    described = {
        "openapi": "3.1.0",
        "info": {"title": "Portico", "version": "1", "description": ABOUT},
        "servers": [{"url": url + PREFIX}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": definitions | {"Problem": _problem()},
            "responses": {str(status): _said(text) for status, text in SAID.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "ptk_"},
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
                "form": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
            },
        },
    }
    return _named(described)


def _named(described: dict[str, Any]) -> dict[str, Any]:
    """With the names that a reader expects: Person, PersonList."""
    text = re.sub(r"List_(\w+?)Shape_", r"\1List", json.dumps(described))
    named: dict[str, Any] = json.loads(re.sub(r"\b(\w+)Shape\b", r"\1", text))
    return named


def _schemas() -> tuple[dict[Any, Any], dict[str, Any]]:
    """The schema of each body and answer, by operation and use, and what they refer to."""
    from pydantic import TypeAdapter

    inputs: list[Any] = []
    for one in OPERATIONS:
        if one.body is not None:
            inputs.append(((one.name, "body"), "validation", adapter(one.body)))
        if one.answer is not None:
            inputs.append(((one.name, "answer"), "serialization", adapter(one.answer)))
    schemas, rest = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE)
    found = {key[0]: value for key, value in schemas.items()}
    return found, dict(rest.get("$defs", {}))


def _operation(one: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    reading = one.method == "GET"
    described: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "parameters": [*_parts(one), *_query(one), *_match(one)],
        "responses": _responses(one, schemas),
        "security": [
            {"token": [API_READ if reading else API]},
            {"session": []} if reading else {"session": [], "form": []},
        ],
    }
    needs = f"Needs the permission to {one.permission}."
    described["description"] = "\n\n".join(filter(None, [one.details, needs]))
    if one.body is not None:
        schema = schemas[one.name, "body"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _responses(one: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": DONE[one.status]}
    if one.answer is not None:
        done["content"] = {"application/json": {"schema": schemas[one.name, "answer"]}}
    errors = {400, 401, 403, 429, 503, *one.errors}
    if one.parts:
        errors.add(404)
    if one.body is not None:
        errors |= {413, 415, 422}
    if one.query is not None or one.method != "GET":
        errors.add(422)
    if one.matched:
        errors.add(412)
    answers: dict[str, Any] = {str(one.status): done}
    if one.method == "GET":
        done["headers"] = {"ETag": {"schema": {"type": "string"}}}
        answers["304"] = {"description": "It is as `If-None-Match` says"}
    return answers | {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(errors)}


def _parts(one: Operation) -> Iterator[dict[str, Any]]:
    for name, kind in one.parts.items():
        schema = {"type": "integer"} if kind is int else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(one: Operation) -> Iterator[dict[str, Any]]:
    if one.query is None:
        return
    hints = get_type_hints(one.query, include_extras=True)
    for member in fields(one.query):
        schema = adapter(hints[member.name]).json_schema(ref_template=REFERENCE)
        yield {
            "name": member.name,
            "in": "query",
            "required": member.default is MISSING,
            "schema": _alone(schema),
        }


def _alone(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: what it refers to is written into it, and null cannot be sent in a query."""
    definitions = schema.pop("$defs", {})
    some = next(one for one in schema.get("anyOf", [schema]) if one.get("type") != "null")
    name = some.get("$ref", "").rpartition("/")[2]
    return dict(definitions[name]) if name else dict(some)


def _match(one: Operation) -> Iterator[dict[str, Any]]:
    if one.matched:
        about = "The ETag of what you have seen; then nobody else's change is overwritten."
        yield {"name": "If-Match", "in": "header", "schema": {"type": "string"}, "description": about}


def _said(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    place = {"type": "object", "required": ["at", "problem"], "properties": {"at": text, "problem": text}}
    return {
        "type": "object",
        "description": "What is wrong (RFC 9457). `code` is `confirm-required` where it has to be confirmed that it is you.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "errors": {"type": "array", "items": place},
            "code": text,
            "confirm": text,
        },
    }

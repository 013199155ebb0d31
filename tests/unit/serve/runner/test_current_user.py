"""`current_user` in Dash: on every backend, in coroutines, threads, WebSockets and background jobs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.sync.client import unix_connect

APP = """
import time
from dash import Dash, DiskcacheManager, Input, Output, dcc, html
import diskcache
from portico import current_user

app = Dash(__name__, {backend} background_callback_manager=DiskcacheManager(diskcache.Cache("./cache")))

def layout():
    return html.Div([dcc.Input(id="in"), html.Div(id="out"), html.Div(id="job"), html.Div(current_user.name)])

app.layout = layout

def who(value):
    return f"{{value}} {{current_user.name}} {{sorted(current_user.roles)}}"

@app.callback(Output("out", "children"), Input("in", "value"){options})
{definition} answer(value):
    return who(value)

@app.callback(Output("job", "children"), Input("in", "value"), background=True)
def job(value):
    time.sleep(0.5)
    return who(value)
"""

BACKENDS = {"flask": "", "fastapi": 'backend="fastapi",', "quart": 'backend="quart",'}
PERSON = "hello Ada ['admin', 'analyst']"
NOBODY = "hello  []"


def source(backend: str, definition: str = "def", options: str = "") -> str:
    return APP.format(backend=BACKENDS[backend], definition=definition, options=options)


def payload(output: str) -> dict[str, Any]:
    """What Dash's renderer sends when the input's value becomes "hello"."""
    element, prop = output.split(".")
    return {
        "output": output,
        "outputs": {"id": element, "property": prop},
        "inputs": [{"id": "in", "property": "value", "value": "hello"}],
        "changedPropIds": ["in.value"],
        "state": [],
    }


def call(worker: Any, output: str, query: str = "", **headers: str) -> Any:
    """The answer to a callback request."""
    body = json.dumps(payload(output)).encode()
    path = f"/_dash-update-component{query}"
    answer = worker.get(path, "POST", body, Content_Type="application/json", **headers)
    assert answer.status == 200, worker.output
    return answer.json


@pytest.mark.parametrize("definition", ["def", "async def"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_person_is_known_in_layouts_and_callbacks(
    start: Any, write: Any, signer: Any, backend: str, definition: str
) -> None:
    write("app.py", source(backend, definition))
    worker = start("app.py")
    worker.ready()
    person = {"X_Portico_Identity": signer.token()}
    assert "Ada" in worker.get("/_dash-layout", **person).text
    assert "Ada" not in worker.get("/_dash-layout").text
    assert call(worker, "out.children", **person)["response"]["out"]["children"] == PERSON
    assert call(worker, "out.children")["response"]["out"]["children"] == NOBODY


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_person_is_known_in_background_callbacks(
    start: Any, write: Any, signer: Any, backend: str
) -> None:
    write("app.py", source(backend))
    worker = start("app.py")
    worker.ready()
    for headers, expected in (({"X_Portico_Identity": signer.token()}, PERSON), ({}, NOBODY)):
        job = call(worker, "job.children", **headers)
        query = "?" + urlencode({"cacheKey": job["cacheKey"], "job": job["job"]})
        deadline = time.monotonic() + 20
        while "response" not in (answer := call(worker, "job.children", query, **headers)):
            assert time.monotonic() < deadline, worker.output
            time.sleep(0.1)
        assert answer["response"]["job"]["children"] == expected


@pytest.mark.parametrize("definition", ["def", "async def"])
@pytest.mark.parametrize("backend", ["fastapi", "quart"])
def test_the_person_is_known_in_websocket_callbacks(
    start: Any, write: Any, signer: Any, backend: str, definition: str
) -> None:
    write("app.py", source(backend, definition, ", websocket=True"))
    worker = start("app.py")
    worker.ready()
    for token, expected in ((signer.token(), PERSON), ("", NOBODY)):
        with unix_connect(
            worker.socket_path,
            "ws://site.test/_dash-ws-callback",
            origin="http://site.test",
            additional_headers={"X-Portico-Identity": token} if token else {},
        ) as socket:
            request = {"type": "callback_request", "requestId": "1", "rendererId": "r"}
            socket.send(json.dumps(request | {"payload": payload("out.children")}))
            answer = socket.recv(timeout=10)
        assert expected in json.dumps(json.loads(answer)), worker.output


IN_A_JOB = """
import sys
from dash._callback_context import context_value
from dash._utils import AttributeDict
from portico import current_user
context_value.set(AttributeDict(headers={"x-portico-identity": sys.argv[1]}))
print(repr(current_user))
"""


@pytest.mark.parametrize("seconds", [-3600, 60])
def test_a_job_in_a_process_of_its_own_knows_who_started_it_however_long_it_waited(
    signer: Any, seconds: int
) -> None:
    """As Celery runs it: only the headers of the request come along, and the token's time may be over."""
    environ = os.environ | {
        "PORTICO_APP": "app",
        "PORTICO_SITE_URL": "http://site.test",
        "PORTICO_IDENTITY_KEYS": str(signer.file),
    }

    def run(token: str) -> str:
        command = [sys.executable, "-c", IN_A_JOB, token]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()

    assert run(signer.token(exp=int(time.time()) + seconds)) == "<current_user ada@example.org>"
    assert run(signer.token(audience="other")) == "<current_user anonymous>"


def test_a_dash_app_run_by_itself_has_nobody_and_believes_no_header(write: Any, signer: Any) -> None:
    """`python app.py` without Portico: the same code works, everybody is anonymous."""
    file = write("alone.py", IN_A_JOB)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    output = subprocess.run(
        [sys.executable, str(file), signer.token()], env=environ, capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "<current_user anonymous>"


PAGES = """
import dash
from dash import Dash, html
from portico import current_user

app = Dash(__name__, use_pages=True, pages_folder="", {backend})

{definition} layout(**_):
    return html.Div("hello " + current_user.name)

dash.register_page("home", path="/", layout=layout)
app.layout = dash.page_container
"""


@pytest.mark.parametrize(
    ("backend", "definition"),
    [("flask", "def"), ("flask", "async def"), ("fastapi", "async def"), ("quart", "async def")],
)
def test_the_first_visitor_of_dash_pages_is_not_shown_to_everybody(
    start: Any, write: Any, signer: Any, backend: str, definition: str
) -> None:
    """Dash makes the layouts of all pages once, at the first request, and sends them to all."""
    write("app.py", PAGES.format(backend=BACKENDS[backend], definition=definition))
    worker = start("app.py")
    worker.ready()
    person = {"X_Portico_Identity": signer.token()}
    for headers in (person, {}):
        page = worker.get("/", **headers)
        assert page.status == 200, worker.output
        assert "hello " in page.text
        assert "Ada" not in page.text
    asked = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": "/"},
            {"id": "_pages_location", "property": "search", "value": ""},
        ],
        "changedPropIds": ["_pages_location.pathname"],
        "state": [],
    }
    answer = worker.get(
        "/_dash-update-component",
        "POST",
        json.dumps(asked).encode(),
        Content_Type="application/json",
        **person,
    )
    assert "hello Ada" in answer.text, answer.text

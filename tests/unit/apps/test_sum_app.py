"""apps/sum: the API over HTTP, as a test client and as the real program answers it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time

import pytest


@pytest.fixture(scope="module")
def client(sum_folder):
    return sum_folder.load("app").app.test_client()


def test_the_promised_request_is_answered_with_exactly_3(client):
    answer = client.post("/", data='{"data": ["1", "2"]}', content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.data, answer.content_type) == (200, b"3", "application/json")


def test_fractions_in_json_are_read_as_decimals(client):
    assert client.post("/", data='{"data": [0.1, 0.2, 1e3]}').data == b"1000.3"


def test_an_integer_longer_than_python_reads_by_default_is_added_exactly(client):
    answer = client.post("/", data=f'{{"data": [{"9" * 50_000}, 1, "1"]}}')
    assert answer.data == b"1" + b"0" * 49_999 + b"1"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b'{"data": [1, 2, 3, "x"]}', 422, 'data[3]: not a number: "x"'),
        (b'{"data": [1, NaN]}', 422, 'data[1]: not a number: "NaN"'),
        (b'{"data": [-Infinity]}', 422, 'data[0]: not a number: "-Infinity"'),
        (b'{"data": [true]}', 422, "data[0]: not a number: true"),
        (b'{"data": [1e999999999]}', 422, 'data[0]: exponent beyond 1000: "1e999999999"'),
        (b'{"data": "1"}', 422, 'data: not an array; send {"data": [1, 2]}'),
        (b'{"date": []}', 422, 'data: missing; send {"data": [1, 2]}'),
        (b"[1, 2]", 422, 'not an object: send {"data": [1, 2]}'),
        (b'{"data": [1,\n 2,,]}', 400, "not JSON: Expecting value at line 2, column 4"),
        (b"", 400, "not JSON: Expecting value at line 1, column 1"),
        (b'{"data": ["\xff"]}', 400, "not UTF-8 at byte 11"),
        (b"[" * 100_000, 400, "not JSON that can be read: nested too deeply"),
    ],
)
def test_a_bad_request_gets_json_that_says_what_is_wrong_and_where(client, body, status, error):
    answer = client.post("/", data=body)
    assert (answer.status_code, answer.json) == (status, {"error": error})


def test_a_body_over_the_limit_is_refused_before_it_is_read(client, sum_folder):
    limit = sum_folder.load("endpoint").MAX_BODY
    answer = client.post("/", environ_overrides={"CONTENT_LENGTH": str(limit + 1)})
    assert (answer.status_code, answer.json) == (413, {"error": "body: longer than 32,000,000 bytes"})


def test_a_browser_gets_a_page_and_a_program_json(client):
    page = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.content_type.startswith("text/html")
    assert "http://localhost/</code>" in page.text
    assert client.get("/").json["description"] == "http://localhost/openapi.json"


def test_under_a_prefix_every_address_carries_it(client):
    mounted = {"environ_overrides": {"SCRIPT_NAME": "/sum", "PATH_INFO": "/"}}
    assert client.get("/", **mounted).json["description"] == "http://localhost/sum/openapi.json"
    page = client.get("/", headers={"Accept": "text/html"}, **mounted).text
    assert 'href="/sum/static/sum.css"' in page
    bare = {"environ_overrides": {"SCRIPT_NAME": "/sum", "PATH_INFO": ""}}
    assert client.post("/", data='{"data": [1]}', **bare).data == b"1"


def test_other_methods_and_paths_are_refused_in_json(client):
    answer = client.put("/")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.json["error"]
    assert client.get("/nothing").json["error"]
    assert client.get("/health").json == {"status": "ok"}


def test_the_description_is_valid_openapi_and_names_every_route(client):
    validator = pytest.importorskip("openapi_spec_validator", reason="needs openapi-spec-validator")
    description = client.get("/openapi.json").json
    validator.validate(description)
    routes = {rule.rule for rule in client.application.url_map.iter_rules() if rule.endpoint != "static"}
    assert set(description["paths"]) == routes
    pattern = description["components"]["schemas"]["Numbers"]["properties"]["data"]["items"]["oneOf"][1]
    assert pattern["pattern"].startswith("^ *[+-]?")


@pytest.fixture
def program(sum_folder, free_port):
    """`python apps/sum/app.py` in a process of its own; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "apps/sum/app.py"],
        cwd=sum_folder.path.parents[1],
        env={**os.environ, "PORT": str(free_port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(free_port, process)
        yield free_port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port, process):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, "the app ended at once"
        try:
            _send(port, "GET", "/health")
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the app did not answer within 20 s")


def _send(port, method, path, body=None, chunked=False):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body=body, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_program_answers_the_promised_curl(program):
    curl = shutil.which("curl") or pytest.skip("needs curl")
    command = [curl, "-s", "-X", "POST", "-d", '{"data": ["1", "2"]}', f"http://localhost:{program}"]
    assert subprocess.run(command, capture_output=True, check=True, timeout=20).stdout == b"3"


def test_a_million_numbers_and_a_body_in_chunks_pass_through_the_program(program):
    body = json.dumps({"data": [str(n) for n in range(1_000_000)]}).encode()
    assert _send(program, "POST", "/", body) == (200, b"499999500000")
    assert _send(program, "POST", "/", iter([b'{"data": ', b"[1, 2]}"])) == (200, b"3")


def test_the_program_tells_a_client_with_too_large_a_body(program):
    curl = shutil.which("curl") or pytest.skip("needs curl")
    command = [curl, "-s", "--data-binary", "@-", f"http://localhost:{program}"]
    answer = subprocess.run(command, input=b" " * 33_000_000, capture_output=True, check=False, timeout=30)
    assert json.loads(answer.stdout) == {"error": "body: longer than 32,000,000 bytes"}

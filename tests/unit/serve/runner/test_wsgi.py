"""What WSGI code sees of a request that came through the front, and how its answers travel."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import psutil
import pytest

ECHO = """
import json
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({key: value for key, value in environ.items() if isinstance(value, str)}).encode()]
"""

FLASK = """
from flask import Flask, Response, redirect, request, stream_with_context, url_for
from portico import current_user
app = Flask(__name__)

@app.get("/")
def index():
    return url_for("index", _external=True)

@app.get("/who")
def who():
    return f"{current_user.name}|{current_user.email}|{sorted(current_user.roles)}|{request.remote_user}"

@app.get("/away")
def away():
    return redirect(url_for("index"))

@app.get("/<path:rest>")
def path(rest):
    return rest

@app.get("/stream")
def stream():
    import pathlib, time
    def words():
        yield current_user.name
        patience = 500
        while patience and not pathlib.Path("go-on").exists():
            patience -= 1
            time.sleep(0.02)
        yield "!" if patience else "nobody saw the first word"
    return Response(words())

@app.get("/endless")
def endless():
    import time
    def words():
        while True:
            time.sleep(0.05)
            yield "x" * 1000
    return Response(words())

@app.get("/broken")
def broken():
    return 1 / 0

@app.get("/broken-stream")
def broken_stream():
    def words():
        yield "a"
        1 / 0
    return Response(words())

@app.get("/after")
def after():
    def words():
        yield "all"
        print("after the last word", flush=True)
    response = Response(words(), headers={"Content-Length": "3"})
    response.call_on_close(lambda: print("closed", flush=True))
    return response

@app.get("/empty")
def empty():
    return "", 204

@app.get("/large")
def large():
    return "x" * 5_000_000

@app.get("/file")
def file():
    from flask import send_file
    return send_file(__file__)

@app.post("/upload")
def upload():
    total = 0
    while chunk := request.stream.read(65536):
        total += len(chunk)
    return str(total)

@app.post("/form")
def form():
    return str(len(request.files["f"].read()))
"""


@pytest.fixture
def flask_app(start: Any, write: Any) -> Any:
    write("app.py", FLASK)
    worker = start("app.py", prefix="/sales")
    worker.ready()
    return worker


def test_an_app_under_a_prefix_makes_right_urls(flask_app: Any) -> None:
    front = {"X_Portico_Prefix": "/sales", "X_Forwarded_Proto": "https", "Host": "apps.example.org"}
    assert flask_app.get("/sales/", **front).text == "https://apps.example.org/sales/"
    assert flask_app.get("/sales", **front).headers["Location"] == "https://apps.example.org/sales/"
    assert flask_app.get("/sales/away", **front).headers["Location"] == "/sales/"
    assert flask_app.get("/", Host="own.example.org").text == "http://own.example.org/", (
        "no prefix on its own host"
    )


@pytest.mark.parametrize("path", ["/salesforce", "/other", "/SALES/x"])
def test_a_prefix_is_split_only_from_a_path_that_has_it(start: Any, write: Any, path: str) -> None:
    write("app.py", ECHO)
    worker = start("app.py")
    worker.ready()
    environ = worker.get(path, X_Portico_Prefix="/sales").json
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", path)


def test_the_environ_is_what_the_front_says(start: Any, write: Any) -> None:
    write("app.py", ECHO)
    worker = start("app.py")
    worker.ready()
    environ = worker.get(
        "/sales/a%2Fb/caf%C3%A9/%ff?x=%20",
        X_Portico_Prefix="/sales",
        X_Forwarded_Proto="https",
        X_Forwarded_For="198.51.100.7",
        Host="apps.example.org",
    ).json
    assert environ["SCRIPT_NAME"] == "/sales"
    assert environ["PATH_INFO"].encode("latin-1") == b"/a/b/caf\xc3\xa9/\xff"
    assert environ["QUERY_STRING"] == "x=%20"
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["REMOTE_ADDR"] == "198.51.100.7"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("apps.example.org", "443")
    assert "REMOTE_USER" not in environ
    assert "PORTICO_RUNNER" not in environ


def test_paths_in_utf8_reach_flask_as_text(flask_app: Any) -> None:
    assert flask_app.get("/caf%C3%A9%20%E2%82%AC").text == "café €"


def test_the_person_is_in_remote_user_and_current_user(flask_app: Any, signer: Any) -> None:
    answer = flask_app.get("/who", X_Portico_Identity=signer.token())
    assert answer.text == "Ada|ada@example.org|['admin', 'analyst']|ada@example.org"


def test_an_address_that_nobody_vouches_for_is_not_remote_user(flask_app: Any, signer: Any) -> None:
    """Code that reads REMOTE_USER believes it; `current_user` can tell a claimed address from a verified one."""
    answer = flask_app.get("/who", X_Portico_Identity=signer.token(email_verified=False))
    assert answer.text == "Ada|ada@example.org|['admin', 'analyst']|None"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Remote_User": "admin"},
        {"X_Remote_User": "admin"},
        {"X_Portico_Identity": "admin"},
        {"X_Portico_Identity": "a.b.c"},
        {"X_Forwarded_User": "admin"},
    ],
)
def test_a_claim_without_a_signature_is_nobody(flask_app: Any, headers: dict[str, str]) -> None:
    assert flask_app.get("/who", **headers).text == "||[]|None"


def test_claims_of_a_client_do_not_reach_the_app(start: Any, write: Any) -> None:
    write("app.py", ECHO)
    worker = start("app.py", env={"REMOTE_USER": "root"})
    worker.ready()
    environ = worker.get("/", Remote_User="admin", X_Remote_User="admin").json
    assert not [key for key in environ if "REMOTE_USER" in key]


def test_one_persons_request_never_shows_another_person(flask_app: Any, signer: Any) -> None:
    """Threads serve many people at once."""
    wrong: list[str] = []

    def ask(number: int) -> None:
        token = signer.token(email=f"p{number}@example.org", name=str(number))
        for _ in range(40):
            text = flask_app.get("/who", X_Portico_Identity=token).text
            if not text.startswith(f"{number}|p{number}@"):
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert flask_app.get("/who").text == "||[]|None"


def test_a_stream_is_sent_as_it_is_made_and_knows_the_person(flask_app: Any, signer: Any, write: Any) -> None:
    connection = flask_app.connect()
    connection.request("GET", "/stream", headers={"X-Portico-Identity": signer.token()})
    response = connection.getresponse()
    assert response.read(3) == b"Ada"
    write("go-on", "")
    assert response.read() == b"!"
    connection.close()


def test_a_client_that_leaves_a_stream_is_not_counted_any_more(flask_app: Any) -> None:
    connection = flask_app.connect()
    connection.request("GET", "/endless")
    connection.getresponse().read(10)
    assert flask_app.stats[1] == 1
    connection.close()
    deadline = time.monotonic() + 5
    while flask_app.stats[1]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_answers_of_every_shape_arrive_whole(flask_app: Any) -> None:
    assert len(flask_app.get("/large").body) == 5_000_000
    assert flask_app.get("/file").body == FLASK.encode()
    empty = flask_app.get("/empty")
    assert (empty.status, empty.body) == (204, b"")
    head = flask_app.get("/large", "HEAD")
    assert (head.body, head.headers["Content-Length"]) == (b"", "5000000")
    etag = flask_app.get("/file").headers["ETag"]
    unchanged = flask_app.get("/file", If_None_Match=etag)
    assert (unchanged.status, unchanged.body) == (304, b"")
    ranged = flask_app.get("/file", Range="bytes=1-4")
    assert (ranged.status, ranged.body) == (206, FLASK.encode()[1:5])
    assert flask_app.stats[1] == 0


def test_a_body_is_run_to_its_end_and_closed(flask_app: Any) -> None:
    """What an app does after its last chunk happens, also when nobody needs to wait for more."""
    assert flask_app.get("/after").text == "all"
    assert flask_app.output == "after the last word\nclosed\n"


RARE = """
def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/write":
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"a")
        write(b"b")
        return [b"c"]
    if path == "/late":
        def body():
            start_response("201 Created", [("Content-Type", "text/plain")])
            yield b"late"
        return body()
    if path == "/tuple":
        start_response("200 OK", [("Content-Length", "2")])
        return (b"a", b"b")
    if path == "/replaced":
        start_response("200 OK", [])
        try:
            1 / 0
        except ZeroDivisionError:
            import sys
            start_response("503 Service Unavailable", [], sys.exc_info())
        return []
    if path == "/never":
        return [b"x"]
    raise RuntimeError("broken")
"""


def test_the_rarer_ways_of_wsgi_work(start: Any, write: Any) -> None:
    write("app.py", RARE)
    worker = start("app.py")
    worker.ready()
    assert worker.get("/write").text == "abc"
    late = worker.get("/late")
    assert (late.status, late.text) == (201, "late")
    assert worker.get("/tuple").text == "ab"
    assert worker.get("/replaced").status == 503
    assert worker.get("/never").status == 500
    broken = worker.get("/broken")
    assert (broken.status, broken.text) == (500, "Internal Server Error\n")
    assert "RuntimeError: broken" in worker.output
    assert "portico" not in worker.output.partition("RuntimeError: broken")[0].rpartition("Traceback")[2]
    assert worker.stats[1] == 0


READ = """
import json
WAYS = {
    "/read": lambda body: [body.read(2), body.read(-1), body.read()],
    "/line": lambda body: [body.readline(), body.readline(2), body.readline(100), body.readline(), body.readline()],
    "/lines": lambda body: body.readlines(),
    "/each": list,
}

def app(environ, start_response):
    start_response("200 OK", [])
    return [json.dumps([part.decode() for part in WAYS[environ["PATH_INFO"]](environ["wsgi.input"])]).encode()]
"""


def test_a_body_can_be_read_in_every_way_that_wsgi_promises(start: Any, write: Any) -> None:
    """Also when its length is not known beforehand."""
    write("app.py", READ)
    worker = start("app.py")
    worker.ready()
    text = "one\ntwo\nthree\nfour"
    ways = {
        "/read": ["on", text[2:], ""],
        "/line": ["one\n", "tw", "o\n", "three\n", "four"],
        "/lines": ["one\n", "two\n", "three\n", "four"],
        "/each": ["one\n", "two\n", "three\n", "four"],
    }
    for path, expected in ways.items():
        assert worker.get(path, "POST", text.encode()).json == expected
        connection = worker.connect()
        connection.request("POST", path, iter([text[:5].encode(), text[5:].encode()]), encode_chunked=True)
        assert json.loads(connection.getresponse().read()) == expected
        connection.close()
    assert worker.get("/read").json == ["", "", ""]
    assert worker.get("/each").json == []


def test_a_flask_error_is_a_plain_500_and_its_traceback_is_in_the_log(flask_app: Any) -> None:
    answer = flask_app.get("/broken")
    assert answer.status == 500
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in flask_app.output


def test_a_stream_that_breaks_ends_and_the_log_has_the_traceback_once(flask_app: Any) -> None:
    """Granian ends the response as if it were complete: it has no way to cut it off."""
    assert flask_app.get("/broken-stream").text == "a"
    assert flask_app.output.count("ZeroDivisionError") == 1
    assert flask_app.stats[1] == 0


@pytest.mark.parametrize("path", ["/upload", "/form"])
def test_a_large_upload_is_not_held_in_memory(flask_app: Any, path: str) -> None:
    size = 100 * 1024 * 1024
    process = psutil.Process(flask_app.process.pid)
    flask_app.get("/")
    before = process.memory_info().rss
    peak = before
    connection = flask_app.connect()
    start, end = b"", b""
    headers = {}
    if path == "/form":
        start = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        end = b"\r\n--b--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
    connection.putrequest("POST", path)
    for name, value in (headers | {"Content-Length": str(len(start) + size + len(end))}).items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(start)
    chunk = bytes(1024 * 1024)
    for _ in range(size // len(chunk)):
        connection.send(chunk)
        peak = max(peak, process.memory_info().rss)
    connection.send(end)
    response = connection.getresponse()
    peak = max(peak, process.memory_info().rss) if path == "/upload" else peak
    assert response.read() == str(size).encode()
    connection.close()
    assert (peak - before) / 1e6 < 40

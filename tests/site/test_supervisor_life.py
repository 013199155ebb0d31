"""A served site: what it prints, how apps sleep and wake, what a crash does, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from load import Load, get
from site_process import SiteProcess, short_folder

HELLO = """
import os, time
from flask import Flask, request

app = Flask(__name__)

@app.route("/", methods=["GET", "POST"])
def index():
    return "hello from %s in %d" % (os.environ["PORTICO_APP"], os.getpid())

@app.route("/slow")
def slow():
    time.sleep(float(request.args["s"]))
    return "slow"

@app.route("/exit")
def leave():
    print("leaving now", flush=True)
    os._exit(7)

@app.route("/env")
def env():
    return dict(os.environ)

@app.route("/say")
def say():
    print(request.args["text"])
    return "said"
"""


ECHO = """
async def app(scope, receive, send):
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
"""


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder with one Flask app in it."""
    with short_folder() as folder:
        path = Path(folder)
        (path / "hello").mkdir()
        (path / "hello" / "app.py").write_text(HELLO, encoding="utf-8")
        yield path


def test_serve_prints_the_url_the_apps_and_a_first_run_link(root: Path) -> None:
    """One look at the output tells where the site is, which apps it has, who may enter, and how to begin."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n[apps.shut]\nrun = "hello/app.py"\n'
    with SiteProcess(root, toml) as site:
        output = site.output()
        assert f"ready at {site.url}" in output
        assert f"hello  {site.url}/hello  public" in output
        assert f"shut   {site.url}/shut   signed-in" in output
        assert output.count("/-/first-run/") == 1
        assert get(site.first_run_link()).status == 200


def test_apps_named_on_the_command_line_need_no_file(root: Path) -> None:
    """`portico serve app.py` serves it, behind sign-in, and writes no portico.toml."""
    with SiteProcess(root, args=["hello/app.py"]) as site:
        assert get(f"{site.url}/hello/").status in (302, 401)
        assert not (root / "portico.toml").exists()
        assert site.portico("status").returncode == 0


def test_an_app_gets_no_secret_of_the_site(root: Path) -> None:
    """Of everything named PORTICO_*, an app sees only its name, URL, prefixes and the public keys."""
    toml = """
[apps.hello]
run = "hello/app.py"
access = "public"
env = { COLOUR = "blue" }
"""
    with SiteProcess(root, toml, env={"PORTICO_MAIL_PASSWORD": "x", "SHARED": "yes"}) as site:
        env = json.loads(get(f"{site.url}/hello/env").body)
    assert {key for key in env if key.startswith("PORTICO_")} == {
        "PORTICO_APP",
        "PORTICO_SITE_URL",
        "PORTICO_IDENTITY_KEYS",
        "PORTICO_PREFIX",
        "PORTICO_PREFIXES",
    }
    assert (env["COLOUR"], env["SHARED"], env["PYTHONUNBUFFERED"]) == ("blue", "yes", "1")


def test_an_idle_app_sleeps_and_the_next_request_wakes_it(root: Path) -> None:
    """A sleeping app has no process; the request that wakes it is answered, and so are those beside it."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\nsleep_after = "1s"\n'
    with SiteProcess(root, toml) as site:
        assert site.app("hello")["state"] == "sleeping"
        assert site.app("hello")["pids"] == []
        for _ in range(2):
            with Load(f"{site.url}/hello/", threads=4, posts=True) as load:
                time.sleep(1.5)
            assert load.failures == []
            site.wait_until(lambda: site.app("hello")["state"] == "sleeping", 10)
        site.wait_until(lambda: site.app("hello")["memory"] == 0, 10)
        assert site.app("hello")["requests"] >= load.count


def test_a_long_request_keeps_an_app_awake(root: Path) -> None:
    """An app with a request in flight does not sleep, however long that request takes."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\nsleep_after = "1s"\n'
    with SiteProcess(root, toml) as site:
        assert get(f"{site.url}/hello/slow?s=4").body == b"slow"


def test_no_request_is_lost_while_an_app_falls_asleep(root: Path) -> None:
    """Requests that arrive just as the idle time is over are all answered, POSTs too."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\nsleep_after = "1s"\n'
    with SiteProcess(root, toml) as site:
        for step in range(12):
            answer = get(f"{site.url}/hello/")
            assert answer.status == 200, (step, answer)
            time.sleep(0.95 + step * 0.01)


def test_an_app_that_dies_is_back_at_once_and_its_neighbour_does_not_notice(root: Path) -> None:
    """The first crash costs no waiting page; status counts it; another app answers all the time."""
    toml = """
[apps.hello]
run = "hello/app.py"
access = "public"
[apps.calm]
run = "hello/app.py"
access = "public"
"""
    with SiteProcess(root, toml) as site:
        get(f"{site.url}/hello/")
        with Load(f"{site.url}/calm/", threads=2) as load:
            os.kill(site.app("hello")["pids"][0], 9)
            assert get(f"{site.url}/hello/").status == 200
        assert load.failures == []
        assert site.app("hello")["restarts"] == 1
        assert "hello: killed by SIGKILL; starting it again" in site.output()


def test_a_request_that_kills_its_app_gets_an_error_page(root: Path) -> None:
    """Whoever makes an app exit sees an error of the front, and soon the app is there again."""
    with SiteProcess(root, '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n') as site:
        assert get(f"{site.url}/hello/exit").status in (502, 503)
        site.wait_for("hello: exit code 7")
        site.wait_until(lambda: get(f"{site.url}/hello/").status == 200)


def test_an_app_that_keeps_dying_is_shown_as_crashed_and_comes_back(root: Path) -> None:
    """During the backoff visitors get the crashed page at once; when the app is mended it is there again."""
    app = root / "hello" / "app.py"
    app.write_text(
        "import os\nprint('broken here', flush=True)\nraise ValueError('no such column')\n", encoding="utf-8"
    )
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n'
    with SiteProcess(root, toml) as site:
        site.wait_for("starting it again in 0.5 s")
        site.wait_for("starting it again in 1 s")
        crashed = get(f"{site.url}/hello/")
        assert (crashed.status, b"crashed" in crashed.body) == (503, True)
        assert site.app("hello")["state"] in ("crashed", "starting")
        assert "no such column" in site.app("hello")["fault"]
        mark = root / ".portico" / "run" / "crashed" / "hello"
        assert "broken here" in mark.read_text(encoding="utf-8")
        app.write_text(HELLO, encoding="utf-8")
        assert "started" in site.portico("restart", "hello").stdout
        assert get(f"{site.url}/hello/").status == 200
        assert not mark.exists()


def test_an_app_that_never_finishes_importing_is_reported_and_the_site_answers(root: Path) -> None:
    """After start_timeout it is killed and shown as crashed; until then people see the waiting page."""
    (root / "hello" / "app.py").write_text("import time\ntime.sleep(3600)\n", encoding="utf-8")
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\nstart_timeout = "10s"\n'
    with SiteProcess(root, toml) as site:
        page = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
        assert get(f"{site.url}/-/sign-in").status == 200
        site.wait_until((root / ".portico" / "run" / "starting" / "hello").exists)
        waiting = get(f"{site.url}/hello/", page)
        assert waiting.status == 503
        assert b"Hello" in waiting.body
        site.wait_for("not ready after 10 s (start_timeout); killed", 25)


def test_a_worker_that_dies_is_replaced_while_the_others_serve(root: Path) -> None:
    """With two workers, one kill -9 costs no crashed page, and soon there are two again."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\nworkers = 2\n'
    with SiteProcess(root, toml) as site:
        pids = site.wait_until(lambda: len(p := site.app("hello")["pids"]) == 2 and p)
        os.kill(pids[0], 9)
        with Load(f"{site.url}/hello/", threads=2) as load:
            site.wait_until(lambda: len(p := site.app("hello")["pids"]) == 2 and pids[0] not in p)
        assert load.failures == []
        assert site.app("hello")["restarts"] == 1


def test_workers_share_the_work_also_after_one_was_killed_and_after_a_restart(root: Path) -> None:
    """Each gets its part of the requests: with three workers no one idles while another has them all."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\nworkers = 3\n'
    with SiteProcess(root, toml) as site:
        pids = three_workers(site)
        killed = pids.pop()
        os.kill(killed, 9)
        second = three_workers(site)
        assert pids < second
        assert killed not in second
        assert site.portico("restart", "hello").returncode == 0
        assert not three_workers(site) & second


def three_workers(site: SiteProcess) -> set[int]:
    """Their process ids, as soon as each of them answers a fair part of sixty requests."""

    def shares() -> Counter[int]:
        return Counter(int(get(f"{site.url}/hello/").body.rsplit(b" ", 1)[1]) for _ in range(60))

    def fair() -> set[int] | None:
        found = shares()
        return set(found) if len(found) == 3 and min(found.values()) >= 10 else None

    pids: set[int] = site.wait_until(fair)
    assert pids == set(site.app("hello")["pids"])
    return pids


def test_sigterm_finishes_the_requests_in_flight(root: Path) -> None:
    """A slow request that is under way gets its answer; nothing is left behind; the exit code is 0."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n'
    site = SiteProcess(root, toml).start()
    children = psutil.Process(site.pid).children(recursive=True)
    get(f"{site.url}/hello/")
    with Load(f"{site.url}/hello/slow?s=5", threads=3, once=True) as load:
        site.wait_until(lambda: site.app("hello")["in_flight"] == 3)
        assert site.stop() == 0
    assert (load.count, load.failures) == (3, [])
    assert [child for child in children if child.is_running() and child.status() != "zombie"] == []
    assert site.portico("status").returncode == 1


def test_an_open_websocket_does_not_hold_up_the_end(root: Path) -> None:
    """WebSockets never finish by themselves: a site that stops waits for requests, not for them."""
    (root / "hello" / "app.py").write_text(ECHO, encoding="utf-8")
    site = SiteProcess(root, '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n').start()
    address = f"ws://127.0.0.1:{site.port}/hello/"
    with connect(address, origin=Origin(site.url)) as client:
        client.send("hi")
        assert client.recv() == "hi"
        before = time.monotonic()
        assert site.stop() == 0
        assert time.monotonic() - before < 20  # not the 30 s that requests in flight are given
    assert "starting it again" not in site.output()


def test_two_signals_end_the_site_now(root: Path) -> None:
    """A second Ctrl-C does not wait for anybody."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n'
    site = SiteProcess(root, toml).start()
    get(f"{site.url}/hello/")
    with Load(f"{site.url}/hello/slow?s=30", threads=1, once=True):
        site.wait_until(lambda: site.app("hello")["in_flight"] == 1)
        assert site.process is not None
        site.process.send_signal(2)
        site.wait_for("stopping")
        before = time.monotonic()
        assert site.stop() == 0
        assert time.monotonic() - before < 15  # of the 30 s that the request takes


def test_logs_carry_the_name_of_their_app_and_can_be_followed(root: Path) -> None:
    """`portico logs hello` shows that app's lines only; -n limits them; --json is one object a line."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n[apps.other]\nrun = "hello/app.py"\naccess = "public"\n'
    with SiteProcess(root, toml) as site:
        for text in ("one", "two", "three"):
            get(f"{site.url}/hello/say?text={text}")
        get(f"{site.url}/other/say?text=four")
        site.wait_for("other | four")
        assert "hello | one" in site.output()
        shown = site.portico("logs", "hello", "-n", "2").stdout.splitlines()
        assert [line.split("|")[1].strip() for line in shown] == ["two", "three"]
        objects = [json.loads(line) for line in site.portico("logs", "--json").stdout.splitlines()]
        assert {"app": "other", "message": "four"}.items() <= objects[-1].items()
        assert site.portico("logs", "nobody").returncode == 1


def test_logs_are_json_when_asked_for(root: Path) -> None:
    """In production every line is one JSON object, the supervisor's own lines too."""
    (root / "portico.toml").write_text("", encoding="utf-8")
    site = SiteProcess(
        root, '[apps.hello]\nrun = "hello/app.py"\n', env={"PORTICO_LOG_FORMAT": "json"}
    ).start(wait=False)
    try:
        site.wait_for(f'"message": "ready at {site.url}')
        assert all(json.loads(line)["app"] for line in site.output().splitlines())
    finally:
        site.stop()


def test_status_is_for_people_and_for_programs(root: Path) -> None:
    """A table with a line an app; with --json the same as values."""
    toml = '[apps.hello]\nrun = "hello/app.py"\naccess = "public"\n'
    with SiteProcess(root, toml) as site:
        get(f"{site.url}/hello/")
        table = site.portico("status").stdout
        assert "APP" in table
        assert f"{site.url}/hello" in table
        status = site.status()
        assert status["url"] == site.url
        assert status["front"]["state"] == status["gate"]["state"] == "running"
        [app] = status["apps"]
        assert app["kind"] == "flask"
        assert app["requests"] == 1
        assert app["memory"] > 1_000_000
        assert app["access"] == "public"


def test_stop_waits_until_the_site_has_ended(root: Path) -> None:
    """After `portico stop` the port is free and the site is not running."""
    site = SiteProcess(root, '[apps.hello]\nrun = "hello/app.py"\n').start()
    done = site.portico("stop")
    assert done.returncode == 0
    assert f"stopped process {site.pid}" in done.stdout
    with pytest.raises(OSError):  # noqa: PT011 - refused
        http.client.HTTPConnection("127.0.0.1", site.port, timeout=2).request("GET", "/")
    again = site.portico("stop")
    assert again.returncode == 1
    assert again.stderr == "portico: this site is not running; `portico serve` starts it\n"
    assert site.stop() == 0


def test_people_of_a_site_without_a_file_are_managed_beside_it(root: Path) -> None:
    """`portico serve app.py --port N`: `portico user` finds the site, and its links lead to where it is served."""
    with SiteProcess(root, args=["hello/app.py"]) as site:
        added = site.portico("user", "add", "anna@example.org")
        assert added.returncode == 0, added.stderr
        link = added.stdout.split()[-1]
        assert link.startswith(f"http://localhost:{site.port}/-/reset/")
        assert get(link.replace("localhost", "127.0.0.1")).status == 200

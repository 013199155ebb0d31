"""The outer nginx by plain HTTP: what it tells the site, what it keeps from it, and what it says when the site is away."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import websockets

from outer_nginx import Nginx, Place, answers, docker, echo, image, place, wait_until
from portico.serve.front.pages import render_outer_pages

PAGES = Path(__file__).parents[2] / "nginx/pages"
BROWSER = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    """A place with one copy of the site."""
    with image("nginx") as name, place(name) as one:
        one.site()
        yield one


@pytest.fixture(scope="module")
def nginx(here: Place) -> Nginx:
    """The outer nginx with every default."""
    return here.nginx()


@pytest.fixture
def client(nginx: Nginx) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=nginx.url, timeout=20) as one:
        yield one


def test_its_pages_are_what_the_code_writes() -> None:
    """There is one source for the pages of both nginx: `make docs`."""
    assert {path.name: path.read_text("utf-8") for path in PAGES.iterdir()} == render_outer_pages()


def test_the_site_gets_the_real_client_and_nothing_that_a_client_made_up(
    client: httpx.Client, here: Place
) -> None:
    """X-Forwarded-* and X-Request-ID are nginx's own words."""
    lies = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Request-ID": "mine"}
    answer = client.get("/echo", headers={**lies, "Host": "apps.example.com"})
    seen = answer.json()["headers"]
    gateway = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", here.name).strip()
    assert seen["x-forwarded-for"] == gateway
    assert seen["x-forwarded-proto"] == "http"
    assert seen["host"] == seen["x-forwarded-host"] == "apps.example.com"
    assert re.fullmatch("[0-9a-f]{32}", seen["x-request-id"])
    assert answer.headers["x-request-id"] == seen["x-request-id"]
    assert "upgrade" not in seen


def test_a_request_is_one_line_of_json_with_its_id_and_its_times(client: httpx.Client, nginx: Nginx) -> None:
    """The id is the one that the site and the client have, too."""
    identity = client.get("/slow?seconds=0.2&x=%22%5C").headers["x-request-id"]
    wait_until(lambda: identity in nginx.logs())
    line = next(line for line in nginx.requests() if line["id"] == identity)
    assert line["method"] == "GET"
    assert line["status"] == 200
    assert line["seconds"] >= 0.2
    assert float(line["upstream_seconds"]) >= 0.2
    assert line["upstream"].endswith(":8000")
    assert line["uri"].endswith("x=%22%5C")


def test_one_time_links_stay_out_of_the_log(client: httpx.Client, nginx: Nginx) -> None:
    """A reset link, a share link or a hand-over ticket would open an account or an app to whoever reads the log."""
    links = (
        "/-/reset/s3cret-1",
        "/-/first-run/s3cret-2?x=s3cret-3",
        "/-/share/s3cret-4",
        "/-/sso/join/s3cret-5",
    )
    for path in (*links, "/-/sign-in?/-/verify/s3cret" + 37 * "x", "/-/enter?ticket=s3cret-6"):
        client.get(path)
    wait_until(lambda: "/-/enter?***" in nginx.logs())
    assert "s3cret" not in nginx.logs()


def test_a_websocket_passes(nginx: Nginx) -> None:
    """In both directions."""

    async def talk() -> str:
        async with websockets.connect(nginx.url.replace("http", "ws") + "/socket") as link:
            await link.send("hello")
            return str(await link.recv())

    assert asyncio.run(talk()) == "HELLO"


def test_a_stream_comes_event_by_event(client: httpx.Client) -> None:
    """Not as one parcel at its end."""
    started, times = time.monotonic(), []
    with client.stream("GET", "/stream") as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                times.append(time.monotonic() - started)
    assert len(times) == 5
    assert times[-1] - times[0] > 1


def test_an_upload_reaches_the_site_while_it_is_still_coming(client: httpx.Client) -> None:
    """And nothing of it is written to a disk: the root file system is read-only."""
    assert client.post("/echo", content=b"x" * 20_000_000).json()["body"] == 20_000_000


def test_only_what_is_public_is_cached(client: httpx.Client) -> None:
    """In the gate's static folder, for as long as Cache-Control says; never what is private or sets a cookie."""
    asked = {}
    for wish in ("cache-control=public,max-age=60", "cache-control=private,max-age=60", "x=y",
                 "cache-control=public,max-age=60&set-cookie=a%3Db"):  # fmt: skip
        asked[wish] = [client.get(f"/-/static/a.css?{wish}").json()["asked"] for _ in range(3)]
    assert list(asked.values()) == [[1, 1, 1], [1, 2, 3], [1, 2, 3], [1, 2, 3]]


def test_nothing_that_is_behind_the_check_is_cached(client: httpx.Client) -> None:
    """Not even when an app calls it public: the gate is asked each time."""
    path = "/sales/assets/a.css?cache-control=public,max-age=60"
    assert [client.get(path).json()["asked"] for _ in range(2)] == [1, 2]


def test_pages_of_the_site_pass_as_they_are(client: httpx.Client) -> None:
    """Its own 502 is its own: nginx does not ask again, nor write a page over it."""
    answer = client.get("/echo?status=502&own-page=1", headers=BROWSER)
    assert answer.status_code == 502
    assert answer.json()["asked"] == 1


def test_behind_a_proxy_that_speaks_tls_the_sites_own_word_about_tls_stands(client: httpx.Client) -> None:
    """This nginx has no certificate then, and nothing to say about it."""
    answer = client.get("/echo?strict-transport-security=max-age%3D1")
    assert answer.headers["strict-transport-security"] == "max-age=1"
    assert "alt-svc" not in answer.headers


def test_a_slow_client_is_hung_up_on(nginx: Nginx) -> None:
    """Who does not finish the head of a request within 15 seconds; others are served meanwhile."""
    host, port = "127.0.0.1", int(nginx.url.rsplit(":", 1)[1])
    with socket.create_connection((host, port), timeout=40) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: apps.example.com\r\nX-Slow: ")
        started = time.monotonic()
        assert answers(f"{nginx.url}/echo")
        with contextlib.suppress(ConnectionError):
            assert slow.recv(1000) == b""
        assert 10 < time.monotonic() - started < 30


def test_limits_are_for_each_client_and_say_so_kindly(here: Place) -> None:
    """Too many requests are a 429, too large a body a 413: a page for people, JSON for programs."""
    nginx = here.nginx(request_rate="1", request_burst="5", max_body="1k", connections="3")
    with httpx.Client(base_url=nginx.url) as client:
        large = client.post("/echo", content=b"x" * 2000)
        assert (large.status_code, large.json()["error"]) == (413, "too-large")
        codes = [client.get("/echo").status_code for _ in range(8)]
        assert codes[:4] == [200] * 4
        assert codes[-1] == 429
        assert client.get("/echo").json()["error"] == "too-many-requests"
        page = client.get("/echo", headers=BROWSER)
        assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
        time.sleep(6)
        with ThreadPoolExecutor(6) as pool:
            slow = list(pool.map(lambda _: httpx.get(f"{nginx.url}/slow?seconds=1").status_code, range(5)))
        assert sorted(slow) == [200, 200, 200, 429, 429]


def test_named_proxies_and_no_others_say_who_the_client_is(here: Place) -> None:
    """The last address that a trusted proxy did not vouch for counts; an IPv6 client is its network."""
    gateway = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", here.name).strip()
    nginx = here.nginx(trusted_proxies=f"{gateway},192.0.2.0/24", request_rate="1", request_burst="3")
    with httpx.Client(base_url=nginx.url) as client:

        def asked_from(chain: str) -> httpx.Response:
            return client.get("/echo", headers={"X-Forwarded-For": chain})

        assert (
            asked_from("203.0.113.1, 198.51.100.9, 192.0.2.5").json()["headers"]["x-forwarded-for"]
            == "198.51.100.9"
        )
        codes = [asked_from(f"2001:db8:0:1::{number}").status_code for number in range(1, 7)]
        assert codes == [200] * 4 + [429] * 2
        assert asked_from("2001:db8:0:2::1").status_code == 200


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"tls": "on"}, "PORTICO_TLS is off, self-signed, files or acme, not 'on'"),
        (
            {"tls": "acme"},
            "PORTICO_TLS=acme needs an https address in PORTICO_URL, not 'http://localhost:8000'",
        ),
        (
            {"tls": "files", "url": "https://a.example.com"},
            "nginx: needs /certificates/own/fullchain.pem and its key",
        ),
        ({"url": "apps.example.com"}, "PORTICO_URL is an address like https://apps.example.com"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_a_line(here: Place, settings: dict[str, str], line: str) -> None:
    """Before anything is served."""
    assert line in here.refused(**settings)


def test_it_runs_as_nobody_special(nginx: Nginx) -> None:
    """Not as root, without a capability, on a file system that it cannot change."""
    assert nginx.run("id", "-u").strip() == "101"
    status = nginx.run("cat", "/proc/1/status")
    assert "CapEff:\t0000000000000000" in status
    assert "Uid:\t101\t101" in status
    assert "Read-only file system" in docker("exec", nginx.name, "touch", "/etc/x", check=False)


class TestWhenTheSiteIsAway:
    """Each with a site of its own, which it stops."""

    def test_people_wait_on_a_page_that_opens_by_itself(self, here: Place) -> None:
        """nginx starts before the site does, says so, and finds it as soon as it is there: at whatever address."""
        nginx = here.nginx(upstream="late:8000")
        with httpx.Client(base_url=nginx.url) as client:
            page = client.get("/sales/?a=<b>", headers={**BROWSER, "Host": "apps.example.com"})
            assert page.status_code == 502
            assert page.headers["retry-after"] == "2"
            assert page.headers["cache-control"] == "no-store"
            assert '<meta http-equiv="refresh" content="2">' in page.text
            assert "Back to apps.example.com" in page.text
            assert "<b>" not in page.text
            assert client.get("/sales/").json()["error"] == "restarting"
            for _ in range(2):
                site = here.site(alias="late")
                wait_until(lambda: answers(f"{nginx.url}/echo"), seconds=10)
                site.remove()
                here.start("python:3.13-slim", "sleep", "60")  # takes the address that became free
                assert client.get("/echo").status_code in {502, 504}

    def test_with_several_copies_no_request_that_may_be_sent_twice_is_lost(self, here: Place) -> None:
        """Copies share the work; one is killed under load, another comes: every GET and PUT is answered."""
        copies = [here.site(alias="copies") for _ in range(3)]
        nginx = here.nginx(upstream="copies:8000")
        wait_until(lambda: answers(f"{nginx.url}/echo"))
        time.sleep(2.5)  # all of them are known by now
        with httpx.Client(base_url=nginx.url, timeout=30) as client, ThreadPoolExecutor(9) as pool:
            assert len({echo(client)["copy"] for _ in range(12)}) == 3

            started = time.monotonic()

            def ask(number: int) -> int:
                time.sleep(max(0, started + number / 60 - time.monotonic()))
                return client.request("GET" if number % 3 else "PUT", "/slow?seconds=0.1").status_code

            running = [pool.submit(ask, number) for number in range(240)]
            time.sleep(1)
            docker("kill", copies[0].name)
            here.site(alias="copies")
            assert {one.result() for one in running} == {200}
            assert any("," in line["upstream"] for line in nginx.requests()), (
                "no request was under way at the kill"
            )

    def test_a_post_is_never_sent_twice(self, here: Place) -> None:
        """Its copy dies while it works on it: the client is told, and no other copy is asked."""
        copies = [here.site(alias="pair") for _ in range(2)]
        nginx = here.nginx(upstream="pair:8000")
        wait_until(lambda: answers(f"{nginx.url}/echo"))
        time.sleep(2.5)  # both are known by now
        with httpx.Client(base_url=nginx.url, timeout=90) as client, ThreadPoolExecutor(1) as pool:
            post = pool.submit(client.post, "/slow?seconds=60")
            time.sleep(0.5)
            docker("kill", *(copy.name for copy in copies))
            assert post.result().status_code == 502
        wait_until(lambda: any(line["method"] == "POST" for line in nginx.requests()))
        tries = [line["upstream"].split(",") for line in nginx.requests() if line["method"] == "POST"]
        assert [len(copies_asked) for copies_asked in tries] == [1]

    def test_a_post_of_which_nothing_was_sent_is_not_lost(self, here: Place) -> None:
        """A copy goes; its address is still known for two seconds, and then the list changes under who tries it."""
        copies = [here.site(alias="posted") for _ in range(4)]
        nginx = here.nginx(upstream="posted:8000")
        wait_until(lambda: answers(f"{nginx.url}/echo"))
        time.sleep(2.5)  # all of them are known by now
        with httpx.Client(base_url=nginx.url, timeout=30) as client, ThreadPoolExecutor(16) as pool:
            started = time.monotonic()

            def ask(number: int) -> int:
                time.sleep(max(0, started + number / 60 - time.monotonic()))
                answer = client.post("/echo", content=b"x" * 10 * number)
                assert answer.status_code != 200 or answer.json()["body"] == 10 * number
                return answer.status_code

            running = [pool.submit(ask, number) for number in range(480)]
            for copy, pause in zip(
                copies, (1, 2.2, 1.6), strict=False
            ):  # nginx asks for the list every two seconds
                time.sleep(pause)
                docker("kill", copy.name)
            statuses = [one.result() for one in running]
        wait_until(lambda: len([line for line in nginx.requests() if line["method"] == "POST"]) == 480)
        posts = [line for line in nginx.requests() if line["method"] == "POST"]
        lost = [line for line in posts if line["status"] != 200]
        assert len(lost) == 480 - statuses.count(200)
        assert all(set(line["upstream_received"]) - set("0,: -") for line in lost), lost
        assert any("," in line["upstream"] for line in posts), "no request met a copy that had gone"

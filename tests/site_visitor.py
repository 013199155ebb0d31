"""A browser without a browser, for tests that speak HTTP to a whole site: cookies of each host, forms, redirects."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

from site_process import SiteProcess

PASSWORD = "correct horse battery"


class Visitor:
    """A browser: keeps each host's cookies, reaches every host of the site at 127.0.0.1."""

    def __init__(self, site: SiteProcess) -> None:
        self.home = f"localhost:{site.port}"
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{site.port}", timeout=20)
        self.jars: dict[str, dict[str, str]] = {}  # cookies of the whole host
        self.narrow: dict[tuple[str, str, str], str] = {}  # of a path: by host, path and name

    def send(self, method: str, url: str, data: dict[str, str] | None = None) -> httpx.Response:
        """One request, without following redirects."""
        parts = urlsplit(url)
        host = parts.netloc or self.home
        jar = self.jars.setdefault(host, {})
        headers = {
            "Host": host,
            "Accept": "text/html",
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies(host, parts.path).items()),
        }
        self.client.cookies.clear()
        answer = self.client.request(
            method, parts._replace(scheme="", netloc="").geturl() or "/", headers=headers, data=data
        )
        for header in answer.headers.get_list("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            path = header.partition("; Path=")[2].partition(";")[0] or "/"
            if path != "/":
                self.narrow[host, path, name] = value
            elif "Max-Age=0" in header:
                jar.pop(name, None)
            else:
                jar[name] = value
        return answer

    def cookies(self, host: str, path: str) -> dict[str, str]:
        """What a browser sends to this address."""
        narrow = {
            name: value
            for (of, below, name), value in self.narrow.items()
            if of == host and path.startswith(below)
        }
        return self.jars.get(host, {}) | narrow

    def open(self, url: str) -> httpx.Response:
        """The page at the end of all redirects."""
        for _ in range(10):
            answer = self.send("GET", url)
            if answer.status_code not in {301, 302, 303, 307, 308}:
                return answer
            target = answer.headers["location"]
            url = target if "://" in target else f"http://{urlsplit(url).netloc or self.home}{target}"
        raise AssertionError(f"redirects without end: {url}")

    def fill(self, path: str, **fields: str) -> httpx.Response:
        """Fill in the page's form and send it."""
        page = self.send("GET", path)
        form = Hidden()
        form.feed(page.text)
        return self.send("POST", path, form.found | fields)


class Hidden(HTMLParser):
    """Hidden fields of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.found[found["name"] or ""] = found.get("value") or ""


def sign_in(
    visitor: Visitor, email: str, path: str = "/-/sign-in", password: str = PASSWORD
) -> httpx.Response:
    """Sign in on the page."""
    return visitor.fill(path, email=email, password=password)

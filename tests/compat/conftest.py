"""One site with every app of the compatibility suite, and one Chromium that visits them."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from site_process import SiteProcess, short_folder

APPS = Path(__file__).parent / "apps"
NAMES = sorted(folder.name for folder in APPS.iterdir() if (folder / "expect.py").is_file())
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a long walk in the hills"


def expectation(name: str) -> ModuleType:
    """The module beside an app that says how it is run and what a visitor finds there."""
    file = APPS / name / "expect.py"
    spec = importlib.util.spec_from_file_location(f"expect_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings(name: str) -> dict[str, str]:
    """The app's table in portico.toml."""
    own = dict(getattr(expectation(name), "SETTINGS", {}))
    run = own.pop("run", "app.py")
    if (APPS / name / run).is_file():
        run = f"apps/{name}/{run}"
    return {"run": run, "folder": f"apps/{name}", "access": "public", "sleep_after": "60s"} | own


def portico_toml() -> str:
    """The site file: every app asleep until its first request, so that the start costs nothing."""
    lines = ["[site]", 'name = "Compatibility"', 'sign_up = "closed"', 'check_cache = "1s"']
    for name in NAMES:
        lines += ["", f"[apps.{name}]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in settings(name).items()]
    return "\n".join(lines) + "\n"


class CompatSite:
    """The running site: where its apps are, and waking them before a browser comes."""

    def __init__(self, process: SiteProcess) -> None:
        self.process = process
        self.stopped = threading.Event()
        self.waker = threading.Thread(target=self._wake_all, daemon=True)
        self.waker.start()

    def url(self, name: str) -> str:
        """The app's address, with a slash at the end."""
        host = settings(name).get("host")
        if host:
            return f"http://{host}:{self.process.port}/"
        return f"{self.process.url}/{name}/"

    def wake(self, name: str) -> None:
        """Wait until the app answers; a request that is no navigation waits in the app's socket."""
        request = urllib.request.Request(
            f"{self.process.url}/{name}/", headers={"Accept": "application/json"}
        )
        host = settings(name).get("host")
        if host:
            request = urllib.request.Request(
                f"{self.process.url}/",
                headers={"Accept": "application/json", "Host": f"{host}:{self.process.port}"},
            )
        with suppress(OSError):
            urllib.request.urlopen(request, timeout=60).close()

    def sign_in(self, page: Page) -> None:
        """Fill in the sign-in form that the page shows, as Ann."""
        page.locator("[name=email]").fill("ann@example.org")
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    def _wake_all(self) -> None:
        """Go ahead of the tests, one app after the other."""
        for name in NAMES:
            if self.stopped.is_set():
                return
            if getattr(expectation(name), "WAKE", True) and settings(name)["access"] == "public":
                self.wake(name)


@pytest.fixture(scope="session")
def compat_site() -> Iterator[CompatSite]:
    """`portico serve` with all apps of the suite, copied to a folder of its own."""
    with short_folder() as folder:
        root = Path(folder)
        shutil.copytree(
            APPS, root / "apps", ignore=shutil.ignore_patterns("__pycache__", "expect.py", "cache")
        )
        process = SiteProcess(root, portico_toml())
        process.start()
        try:
            site = CompatSite(process)
            yield site
            site.stopped.set()
        finally:
            process.stop()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """One Chromium for a file of tests. No longer: Playwright holds this thread's event loop while it runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def ann(compat_site: CompatSite) -> None:
    """Ann has an account."""
    process = compat_site.process
    command = [sys.executable, "-m", "portico", "user", "add", "ann@example.org", "--name", "Ann Example"]
    subprocess.run(
        [*command, "--role", "admin", "--password-stdin"],
        cwd=process.root,
        env=process.env,
        input=PASSWORD,
        text=True,
        check=True,
        timeout=60,
        capture_output=True,
    )


@pytest.fixture
def signed_in_context(compat_site: CompatSite, ann: None, browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile in which Ann has signed in."""
    context = browser.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{compat_site.process.url}/-/sign-in")
    compat_site.sign_in(page)
    page.wait_for_url(lambda url: "/-/sign-in" not in url)
    page.close()
    yield context
    context.close()


class Watch:
    """What went wrong in a page: console errors, uncaught errors, requests that failed or were refused."""

    def __init__(self, page: Page) -> None:
        self.failed: list[tuple[int, str]] = []
        self.console: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("response", lambda answer: self._see(answer.status, answer.url))
        page.on("requestfailed", lambda request: self._fail(request.url, request.failure or ""))

    def _hear(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in ("error", "warning") and "the server responded with a status of" not in text:
            self.console.append(f"{kind}: {text}")

    def _see(self, status: int, url: str) -> None:
        if status >= 400:
            self.failed.append((status, url))

    def _fail(self, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # the page went on before the answer came, or it is a download
            self.failed.append((0, f"{url} {why}"))

    def left(self, failures: list[tuple[int, str]], messages: list[str]) -> list[object]:
        """Everything that no declared exception covers."""
        failed = [
            (status, url)
            for status, url in self.failed
            if not any(status == code and part in url for code, part in failures)
        ]
        heard = [text for text in self.console if not any(message in text for message in messages)]
        return [*failed, *heard]


@pytest.fixture
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile; tests of apps for signed-in people get one in which Ann has signed in."""
    if settings(request.node.callspec.params["app"])["access"] != "public":
        yield request.getfixturevalue("signed_in_context")
        return
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A new tab in that profile."""
    return context.new_page()

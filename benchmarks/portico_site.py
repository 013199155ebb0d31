"""A real Portico site with the benchmark's apps, and somebody who is signed in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Self

import httpx
from tests.site_process import SiteProcess

from benchmarks.servers import APPS, BIN

ROOT = Path(__file__).parents[1]
PASSWORD = "a long password of the benchmark"  # noqa: S105  a site of its own, thrown away after the run
EMAIL = "someone@example.org"

TOML = f"""
[site]
name = "Benchmark"

# One thread, as the bare servers have, and once more with the default of eight
[apps.flask]
run = "{APPS}/flask_json.py"
workers = 2
threads = 1

[apps.flask-threads]
run = "{APPS}/flask_json.py"
workers = 2

[apps.dash]
run = "{APPS}/dash_callback.py"
workers = 2
threads = 1

[apps.dash-threads]
run = "{APPS}/dash_callback.py"
workers = 2

[apps.sum]
run = "{ROOT}/apps/sum/app.py"
access = "public"
workers = 2
"""


def sign_in(url: str) -> str:
    """Sign in at the site and return the Cookie header of the session."""
    with httpx.Client(base_url=url, follow_redirects=False) as browser:
        page = browser.get("/-/sign-in").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token
        form = {"csrf_token": token.group(1), "email": EMAIL, "password": PASSWORD}
        answer = browser.post("/-/sign-in", data=form, headers={"Origin": url, "Referer": f"{url}/-/sign-in"})
        assert answer.status_code == 302, f"sign-in failed: {answer.status_code}"
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


class PorticoSite:
    """`with PorticoSite(folder) as site`: a served site; `site.url`, and `site.cookie` of a signed-in person."""

    def __init__(self, folder: Path, toml: str = TOML) -> None:
        folder.mkdir(parents=True)
        self.process = SiteProcess(folder, toml)
        self.url = self.process.url
        self.cookie = ""

    def __enter__(self) -> Self:
        self.process.start()
        self.process.wait_until(self._all_running, what="all apps running")
        added = subprocess.run(
            ["portico", "user", "add", EMAIL, "--password-stdin"],
            executable=str(BIN / "portico"),
            cwd=self.process.root,
            env=self.process.env,
            input=PASSWORD,
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert added.returncode == 0, added.stderr
        self.cookie = sign_in(self.url)
        return self

    def _all_running(self) -> bool:
        return all(app["state"] in ("running", "sleeping") for app in self.process.status()["apps"])

    def __exit__(self, *_: object) -> None:
        self.process.stop()

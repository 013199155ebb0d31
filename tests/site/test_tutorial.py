"""The tutorial, word by word: its files are written, its commands run, and they print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from site_process import SiteProcess, eventually, short_folder

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-site.md"
SHOWN = "http://localhost:8000"
PASSWORD = "ten small brass lamps"
BLOCK = re.compile(r"((?:^[^\n]+\n)+)?\n*^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALLBACK = {
    "output": "head.children",
    "outputs": {"id": "head", "property": "children"},
    "inputs": [{"id": "region", "property": "value", "value": "south"}],
    "changedPropIds": ["region.value"],
}


@dataclass(frozen=True)
class Step:
    """One fenced block: what stands before it, its language and its text."""

    before: str
    language: str
    text: str


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    """The tutorial's blocks in their order."""
    return [Step(*match.groups(default="")) for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


@pytest.fixture
def site() -> Iterator[SiteProcess]:
    """An empty folder, and the site that will be served from it at a free port."""
    with short_folder() as folder:
        made = SiteProcess(Path(folder))
        made.url = f"http://localhost:{made.port}"
        place = {"PORTICO_URL": made.url, "PORTICO_LISTEN": f"127.0.0.1:{made.port}"}
        made.env |= place | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        try:
            yield made
        finally:
            made.stop()


def test_the_tutorial_works_as_written(steps: list[Step], site: SiteProcess, curl: Path) -> None:
    """Four apps without a changed line become a site; at its end, the apps greet by name."""
    console = [step for step in steps if step.language == "console"]
    assert len(console) >= 8
    for step in steps:
        if step.language in ("python", "toml"):
            write(step, site.root)
        elif step.language == "console":
            for command, output in commands(step.text):
                run(command, output, site)


def write(step: Step, folder: Path) -> None:
    """Write the block to each file that the words before it name."""
    names = re.findall(r"`([\w/]+\.\w+)`", step.before.split("\n\n")[-1])
    assert names, f"no file is named before:\n{step.text}"
    for name in names:
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        own = file.parent.name.capitalize() if len(names) > 1 else "Sales"
        file.write_text(step.text.replace("Sales", own), encoding="utf-8")


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what it prints."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def run(command: str, output: str, site: SiteProcess) -> None:
    """Do what a reader does: between two commands, too, where the page says so."""
    if command == "portico serve":
        site.start()
        said = site.output()
    else:
        before(command, site)
        done = subprocess.run(
            ["bash", "-c", command.replace(SHOWN, site.url)],
            cwd=site.root,
            env=site.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if "curl" not in command else subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        said = done.stdout
    assert as_shown(output, said.replace(site.url, SHOWN)), f"$ {command}\n{said}\n(shown is:)\n{output}"
    after(command, site)


def before(command: str, site: SiteProcess) -> None:
    """What the text asks for before this command."""
    if command == "portico reload":
        file = site.root / "portico.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("analist", "analyst"), encoding="utf-8")
    elif command == "portico restart sales":
        file = site.root / "sales" / "app.py"
        file.write_text("import nothing_like_this\n" + file.read_text(encoding="utf-8"), encoding="utf-8")


def after(command: str, site: SiteProcess) -> None:
    """What the text says about the site after this command."""
    if command.startswith("portico user add"):
        link = re.search(r"\S+/-/reset/\S+", site.portico("user", "reset-link", "cora@example.org").stdout)
        assert link
        with httpx.Client(timeout=30, follow_redirects=True) as cora:
            send(cora, link[0], password=PASSWORD, repeat=PASSWORD)
            portal = send(cora, f"{site.url}/-/sign-in", email="cora@example.org", password=PASSWORD)
            assert sorted(set(re.findall(r'href="/(\w+)/"', portal.text))) == [
                "api",
                "sales",
                "stock",
                "weather",
            ]
    elif command.startswith("portico user roles"):
        with cora_at(site) as cora:
            assert cora.get(f"{site.url}/sales/").status_code == 403
            assert cora.get(f"{site.url}/weather/").status_code == 200
    elif command == "portico restart weather":
        with cora_at(site) as cora:
            # A connection that the front still keeps to an old worker may carry one more answer of the old code.
            eventually(
                lambda: greeting(cora, site) == "Weather in the south, for Cora Example", 5, "greeting"
            )


def greeting(client: httpx.Client, site: SiteProcess) -> str:
    """What the weather app says."""
    answer = client.post(f"{site.url}/weather/_dash-update-component", json=CALLBACK).json()
    return str(answer["response"]["head"]["children"])


@contextmanager
def cora_at(site: SiteProcess) -> Iterator[httpx.Client]:
    """A client in which Cora has signed in."""
    with httpx.Client(timeout=30, follow_redirects=True) as cora:
        send(cora, f"{site.url}/-/sign-in", email="cora@example.org", password=PASSWORD)
        yield cora


def send(client: httpx.Client, url: str, **fields: str) -> httpx.Response:
    """Open a form and send it with these fields."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(url).text)
    assert token, f"no form at {url}"
    return client.post(url, data={"csrf_token": token[1], **fields}).raise_for_status()


def as_shown(output: str, said: str) -> bool:
    """Whether `said` is what the page shows; its `...` stands for anything, and there may be more after it."""
    lines = [re.escape(line.rstrip()).replace(r"\.\.\.", ".*") for line in output.splitlines()]
    tidy = "\n".join(line.rstrip() for line in said.splitlines())
    return re.match("\n".join(lines), tidy, re.DOTALL) is not None

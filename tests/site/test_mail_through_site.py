"""Mail of a whole site: written by the command line and by pages, sent by gate workers through a real mail server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mail_server import MailServer, mail_server
from site_process import SiteProcess, eventually, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TEXT = '[site]\nname = "Test Hall"\ngate_workers = 2\n[mail]\nfrom = "hall@example.org"\n[apps.door]\nrun = "door.py"\n'


@pytest.fixture
def served() -> Iterator[tuple[SiteProcess, MailServer]]:
    """A site with two gate workers, and its mail server."""
    with short_folder() as folder, mail_server() as server:
        Path(folder, "door.py").write_text(APP)
        url = f"smtp+plain://127.0.0.1:{server.port}"
        with SiteProcess(Path(folder), TEXT, env={"PORTICO_MAIL_URL": url}) as site:
            yield site, server


def portico(site: SiteProcess, *args: str) -> str:
    """What a command in the site's folder says."""
    command = [sys.executable, "-m", "portico", *args]
    done = subprocess.run(
        command, cwd=site.root, env=site.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_mail_leaves_once_also_when_the_server_was_away(served: tuple[SiteProcess, MailServer]) -> None:
    """Invitations made by a command while the mail server is down, two gate workers, and one mail each."""
    site, server = served
    server.stop()
    people = [f"p{number}@example.org" for number in range(4)]
    for email in people:
        portico(site, "invite", "add", email)
    server.start()
    eventually(lambda: len(server.taken) >= len(people), timeout=60)
    assert sorted(str(mail["To"]) for mail in server.taken) == people
    assert {str(mail["From"]) for mail in server.taken} == {"Test Hall <hall@example.org>"}
    body = server.taken[0].get_body(("plain",))
    assert body is not None
    assert re.search(re.escape(site.url) + r"/-/invitation/[\w-]{43}", body.get_content())
    assert "[]" in portico(site, "mail", "queue", "--json")

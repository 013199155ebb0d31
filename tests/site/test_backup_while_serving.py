"""`portico backup` and `portico restore` as a person types them, beside a site that people are using."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyrage
import pytest
from sqlalchemy import create_engine, text

import databases
from portico.gate.accounts import actions
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE
from portico.site import load
from site_process import SiteProcess, free_port, short_folder

PASSWORD = "correct horse battery"
TOML = """
[site]
sign_up = "open"
name = "Example"
[roles]
analyst = "Reads sales"
[apps.home]
run = "app.py"
"""
APP = """
from flask import Flask
from portico import current_user
app = Flask(__name__)

@app.get("/")
def home():
    return {"email": current_user.email, "roles": sorted(current_user.roles)}
"""


@pytest.fixture
def site() -> Iterator[SiteProcess]:
    """A served site with one person."""
    with short_folder() as folder:
        root = Path(folder) / "old"
        root.mkdir()
        (root / "app.py").write_text(APP)
        with SiteProcess(root, TOML) as site:
            done = subprocess.run(
                [*_portico(), "user", "add", "anna@example.org", "--role", "analyst", "--password-stdin"],
                cwd=root,
                env=site.env,
                input=f"{PASSWORD}\n",
                text=True,
                timeout=60,
                check=False,
                capture_output=True,
            )
            assert done.returncode == 0, done.stderr
            yield site


@pytest.fixture
def empty(site: SiteProcess) -> SiteProcess:
    """An empty folder and database for a new place, with the same address."""
    folder = site.root.with_name("new")
    folder.mkdir()
    env = {"PORTICO_URL": "", "PORTICO_LISTEN": "", "PORTICO_DATABASE_URL": databases.empty(folder)}
    return SiteProcess(folder, port=free_port(), env=env)


def _portico() -> list[str]:
    return [sys.executable, "-m", "portico"]


def sign_in(url: str) -> httpx.Client:
    """A client that has signed in as Anna."""
    client = httpx.Client(base_url=url, timeout=20)
    page = client.get("/-/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, page
    answer = client.post(
        "/-/sign-in", data={"csrf_token": token[1], "email": "anna@example.org", "password": PASSWORD}
    )
    assert answer.status_code == 302, answer.text
    return client


def test_a_backup_under_writes_is_one_moment_and_opens_the_same_site_elsewhere(
    site: SiteProcess, empty: SiteProcess
) -> None:
    """Every backup has a line of audit for each person it has: the gate adds both in one transaction."""
    signed_in = sign_in(site.url)
    stop, errors = threading.Event(), list[BaseException]()

    def keep_adding(who: str) -> None:
        try:
            with open_desk(load(site.root, site.env)) as db:
                for number in itertools.count():
                    if stop.is_set():
                        return
                    actions.create_person(db, COMMAND_LINE, f"{who}{number}@example.org")
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=keep_adding, args=[who]) for who in ("ben", "carla")]
    for writer in writers:
        writer.start()
    made = [json.loads(site.portico("backup", "--json").stdout) for _ in range(3)]
    stop.set()
    for writer in writers:
        writer.join(30)
    assert errors == []
    assert made[0]["rows"]["person"] < made[-1]["rows"]["person"], "nobody wrote meanwhile"
    for number, backup in enumerate(made):
        place = empty.root if number == len(made) - 1 else empty.root.with_name(f"new-{number}")
        place.mkdir(exist_ok=True)
        shutil.copy(site.root / "app.py", place)
        done = subprocess.run(
            [*_portico(), "restore", backup["file"]],
            cwd=place,
            env=site.env | {"PORTICO_DATABASE_URL": databases.empty(place)},
            text=True,
            timeout=60,
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        engine = create_engine(databases.url(place))
        with engine.connect() as database:
            people = database.execute(text("SELECT email FROM person ORDER BY email")).fetchall()
            made_by = "SELECT subject FROM audit WHERE action = 'person-created' ORDER BY subject"
            added = database.execute(text(made_by)).fetchall()
        engine.dispose()
        assert people == added
    site.stop()
    with SiteProcess(empty.root, port=site.port):
        client = sign_in(site.url)
        assert client.get("/home/").json() == {"email": "anna@example.org", "roles": ["analyst"]}
        assert signed_in.get("/home/").json()["email"] == "anna@example.org", "her session lives on"


def test_a_site_that_is_served_is_not_replaced(site: SiteProcess) -> None:
    """Not even with --force; it goes on as if nothing had been asked."""
    file = json.loads(site.portico("backup", "--json").stdout)["file"]
    done = site.portico("restore", "--force", file)
    assert done.returncode == 1
    assert "is being served already" in done.stderr
    assert sign_in(site.url).get("/home/").status_code == 200
    site.stop()
    refused = site.portico("restore", file)
    assert "there is a site here already; --force" in refused.stderr
    done = site.portico("restore", "--force", file)
    assert done.returncode == 0, done.stderr
    assert "what was here before is now" in done.stdout
    site.start()
    assert sign_in(site.url).get("/home/").status_code == 200


def test_backups_for_a_timer_are_named_kept_and_encrypted_by_variables(site: SiteProcess) -> None:
    """Nothing but the environment says how; the key that opens them is elsewhere."""
    key = pyrage.x25519.Identity.generate()
    place = site.root / "backups"
    place.mkdir()
    (site.root / "recipients").write_text(f"# of the safe\n{key.to_public()}\n")
    site.env["PORTICO_BACKUP_RECIPIENTS_FILE"] = str(site.root / "recipients")
    for day in range(3):
        (place / f"example-2030010{day}T000000Z.tar.gz.age").touch()
    done = site.portico("backup", str(place), "--keep", "2")
    assert done.returncode == 0, done.stderr
    assert "1 people" in done.stdout
    assert "encrypted" in done.stdout
    assert len(list(place.iterdir())) == 2


def test_a_backup_goes_through_a_pipe_with_a_passphrase(site: SiteProcess, empty: SiteProcess) -> None:
    """`portico backup - > file` out of a container, `portico restore - < file` into one."""
    env = site.env | {"PORTICO_BACKUP_PASSPHRASE": "tall white columns"}
    made = subprocess.run(
        [*_portico(), "backup", "-"], cwd=site.root, env=env, capture_output=True, timeout=60, check=True
    )
    assert made.stdout.startswith(b"age-encryption.org/v1")
    assert not (site.root / ".portico" / "backups").exists()
    env |= {"PORTICO_DATABASE_URL": empty.env["PORTICO_DATABASE_URL"]}
    without = {name: value for name, value in env.items() if "PASSPHRASE" not in name}
    asked = subprocess.run(
        [*_portico(), "restore", "-"],
        check=False,
        cwd=empty.root,
        env=without,
        input=made.stdout,
        capture_output=True,
        timeout=60,
    )
    assert asked.returncode == 1
    assert b"PORTICO_BACKUP_PASSPHRASE" in asked.stderr
    assert os.listdir(empty.root) == []  # noqa: PTH208
    done = subprocess.run(
        [*_portico(), "restore", "-"],
        check=False,
        cwd=empty.root,
        env=env,
        input=made.stdout,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (empty.root / "portico.toml").read_text() == (site.root / "portico.toml").read_text()


def test_options_that_do_not_fit_together_are_one_line(site: SiteProcess) -> None:
    """With what would be right."""
    for arguments, words in (
        (["--encrypt"], "set PORTICO_BACKUP_PASSPHRASE"),
        (["--encrypt", "--to", "age1x"], "not both"),
        (["--to", "age1x"], "age-keygen"),
        (["file.tar.gz", "--keep", "2"], "name an existing folder"),
    ):
        done = site.portico("backup", *arguments)
        assert done.returncode == 1, arguments
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1

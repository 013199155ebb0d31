"""The mail server in portico.toml and in PORTICO_MAIL_URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.errors import UserError
from portico.site import SignUp, from_json, load, to_json
from portico.site.mail import Encryption, MailServer, server_of
from portico.site.problems import Wrong

APP = '[apps.sales]\nrun = "app.py"\n'


def site_file(folder: Path, text: str) -> Path:
    """A site file with this text and an app."""
    (folder / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    (folder / "portico.toml").write_text(text + APP)
    return folder / "portico.toml"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, Encryption.STARTTLS)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, Encryption.TLS)),
        ("smtp+plain://10.0.0.7", MailServer("10.0.0.7", 25, Encryption.NONE)),
        (
            "smtp://me%40example.org:p%3Aa%2F@MAIL.example.org:2525?ca=/etc/ca.pem",
            MailServer(
                "mail.example.org", 2525, Encryption.STARTTLS, "me@example.org", "p:a/", "/etc/ca.pem"
            ),
        ),
    ],
)
def test_a_mail_server_is_one_url(url: str, server: MailServer) -> None:
    assert server_of(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:99999",
        "smtp://mail.example.org/path",
        "smtp://mail.example.org?tls=no",
        "smtp+plain://me:secret@mail.example.org",
        "mailbox:",
    ],
)
def test_what_is_no_mail_server_is_said_without_the_password(url: str) -> None:
    with pytest.raises(Wrong) as caught:
        server_of(url)
    assert "secret" not in str(caught.value)


def test_the_variable_and_its_file_win_and_the_password_never_prints(tmp_path: Path) -> None:
    file = site_file(tmp_path, '[mail]\nurl = "smtps://mail.example.org"\nfrom = "apps@example.org"\n')
    assert load(file, {}).mail.url == "smtps://mail.example.org"
    (tmp_path / "url").write_text("smtp://me:sesame@mail.example.org\n")
    site = load(file, {"PORTICO_MAIL_URL_FILE": str(tmp_path / "url")})
    assert site.mail.url == "smtp://me:sesame@mail.example.org"
    assert "sesame" not in repr(site)
    assert from_json(to_json(site)) == site


def test_a_password_does_not_stand_in_the_site_file(tmp_path: Path) -> None:
    file = site_file(tmp_path, '[mail]\nurl = "smtp://me:sesame@mail.example.org"\n')
    with pytest.raises(UserError, match=r"mail\.url: a password does not belong") as caught:
        load(file, {})
    assert "sesame" not in str(caught.value)


def test_sign_up_by_domain_names_its_domains(tmp_path: Path) -> None:
    file = site_file(
        tmp_path, '[site]\nsign_up = "domain"\nsign_up_domains = ["@Example.org", "bücher.example"]\n'
    )
    site = load(file, {})
    assert (site.sign_up, site.sign_up_domains) == (SignUp.DOMAIN, ("example.org", "xn--bcher-kva.example"))
    assert from_json(to_json(site)) == site
    with pytest.raises(UserError, match=r"site\.sign_up_domains: is missing"):
        load(site_file(tmp_path, '[site]\nsign_up = "domain"\n'), {})

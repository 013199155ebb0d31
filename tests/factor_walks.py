"""Ways through the second factor that many tests take."""

from __future__ import annotations

import base64
import re
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from werkzeug.test import TestResponse

from gate_client import Browser, hidden_fields
from portico.gate import clock
from soft_passkey import SoftPasskey, options_in

NEW_APP, NEW_PASSKEY = "/-/security/authenticator", "/-/security/passkeys/new"
STEP = "/-/second-step"


def code(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows now, or so many half minutes later."""
    return code_at(secret, clock.now(), steps)


def code_at(secret: str, moment: datetime, steps: int = 0) -> str:
    """What an authenticator app shows at this moment, or so many half minutes later."""
    app = TOTP(base64.b32decode(secret), 6, SHA1(), 30)  # noqa: S303  what all apps know
    return app.generate(int(moment.timestamp()) + 30 * steps).decode()


def secret_in(page: str) -> str:
    """The secret that a page shows for typing."""
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert found, page
    return found[1].replace(" ", "")


def codes_in(page: str) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<code>([0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4})</code>", page)


def add_app(browser: Browser, path: str = NEW_APP) -> tuple[str, list[str]]:
    """Set up an authenticator app; its secret, and the recovery codes that were shown."""
    page = browser.get(path)
    assert page.status_code == 200, page.location
    secret = secret_in(page.text)
    hidden = hidden_fields(page.text)
    answer = browser.post(path, hidden | {"code": code(secret)})
    assert answer.status_code in (200, 302), answer.text
    return secret, codes_in(answer.text)


def add_passkey(
    browser: Browser, passkey: SoftPasskey, name: str = "Phone", path: str = NEW_PASSKEY
) -> TestResponse:
    """Make a passkey on the page."""
    page = browser.get(path)
    assert page.status_code == 200, page.location
    answer = passkey.create(options_in(page.text))
    return browser.post(path, hidden_fields(page.text) | {"name": name, "credential": answer})


def second_step(browser: Browser, given: str, path: str = STEP, **more: str) -> TestResponse:
    """Enter a code in the second step."""
    return browser.fill(path, code=given, **more)


def use_passkey(browser: Browser, passkey: SoftPasskey, page: str, action: str, **lies: str) -> TestResponse:
    """Press the button with which a page asks for a passkey."""
    text = browser.get(page).text
    fields = hidden_fields(text) | {"credential": passkey.get(options_in(text, action), **lies)}
    return browser.post(action, fields)

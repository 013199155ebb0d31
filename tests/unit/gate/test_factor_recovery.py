"""Recovery codes, remembered devices, and the reset by an administrator."""

from __future__ import annotations

import json
import threading

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from factor_walks import STEP, add_app, add_passkey, code, codes_in, second_step
from gate_client import Browser, GateUnderTest
from portico.gate.accounts import actions as account_actions
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.factors import actions, recovery
from portico.site import to_json
from soft_passkey import SoftPasskey

RECOVERY, CODES = f"{STEP}?recovery", "/-/security/recovery-codes"


@pytest.fixture
def anna(gate: GateUnderTest, hands: object) -> tuple[str, list[str]]:
    """Anna's secret and recovery codes."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    shown = add_app(browser)
    hands.move(minutes=2)  # type: ignore[attr-defined]
    return shown


def half_way(gate: GateUnderTest) -> Browser:
    """A browser in which Anna has given her password."""
    browser = gate.browser()
    assert browser.sign_in().location == STEP
    return browser


def signed_in(gate: GateUnderTest, secret: str, **more: str) -> Browser:
    """A browser in which Anna is in."""
    browser = half_way(gate)
    assert second_step(browser, code(secret), **more).status_code == 302
    return browser


def test_a_recovery_code_works_once(gate: GateUnderTest, anna: tuple[str, list[str]]) -> None:
    """However it is typed; then nine are left."""
    _, codes = anna
    browser = half_way(gate)
    assert second_step(browser, f" {codes[0].upper().replace('-', ' ')} ", RECOVERY).location == "/"
    assert "9 codes left" in browser.get("/-/security").text
    assert second_step(half_way(gate), codes[0], RECOVERY).status_code == 401
    assert "recovery-code-used" in gate.audit()


def test_of_two_who_use_a_recovery_code_at_once_one_gets_in(
    gate: GateUnderTest, anna: tuple[str, list[str]]
) -> None:
    """The race for one code has one winner."""
    _, codes = anna
    browsers = [half_way(gate) for _ in range(4)]
    forms = [browser.hidden(RECOVERY) | {"code": codes[0]} for browser in browsers]
    barrier, statuses = threading.Barrier(4), []

    def send(browser: Browser, fields: dict[str, str]) -> None:
        barrier.wait(30)
        statuses.append(browser.post(STEP, fields).status_code)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(browsers, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [302, 401, 401, 401]


def test_the_codes_are_shown_once_and_kept_as_slow_hashes(
    gate: GateUnderTest, anna: tuple[str, list[str]]
) -> None:
    """The database has none of them, and no page shows them again."""
    secret, codes = anna
    with gate.desk() as db:
        kept = str(db.execute(text("SELECT * FROM recovery_code")).all())
    assert all(one.replace("-", "") not in kept.replace("-", "") for one in codes)
    browser = signed_in(gate, secret)
    assert codes_in(browser.get(CODES).text) == codes_in(browser.get("/-/security").text) == []
    salt = recovery.make().salt
    assert recovery.digest_of(codes[0], salt) != recovery.digest_of(codes[0], recovery.make().salt)


def test_new_codes_end_the_old_ones(gate: GateUnderTest, anna: tuple[str, list[str]], hands: object) -> None:
    """Ten again."""
    secret, codes = anna
    browser = signed_in(gate, secret)
    fresh = codes_in(browser.fill(CODES).text)
    assert len(fresh) == 10
    assert second_step(half_way(gate), codes[0], RECOVERY).status_code == 401
    assert second_step(half_way(gate), fresh[0], RECOVERY).location == "/"


def test_codes_are_no_fresh_proof(gate: GateUnderTest, anna: tuple[str, list[str]], hands: object) -> None:
    """Who found the sheet of paper and an open screen changes nothing with them."""
    secret, codes = anna
    browser = signed_in(gate, secret)
    hands.move(minutes=11)  # type: ignore[attr-defined]
    assert browser.fill("/-/confirm?next=/-/security", code=codes[0]).status_code == 401
    assert browser.get(CODES).location.startswith("/-/confirm")


def test_a_remembered_device_is_asked_for_the_password_alone(
    gate: GateUnderTest, anna: tuple[str, list[str]], hands: object
) -> None:
    """For thirty days, in that browser, for that person."""
    secret, _ = anna
    browser = signed_in(gate, secret, remember_device="y")
    browser.fill("/-/sign-out")
    assert browser.sign_in().location == "/"
    assert gate.browser().sign_in().location == STEP
    hands.move(days=30)  # type: ignore[attr-defined]
    browser.fill("/-/sign-out")
    assert browser.sign_in().location == STEP


def test_the_devices_cookie_is_closed_to_scripts_and_apps(
    gate: GateUnderTest, anna: tuple[str, list[str]]
) -> None:
    """It goes to the gate's pages only, and the database has its hash."""
    browser = half_way(gate)
    answer = second_step(browser, code(anna[0]), remember_device="y")
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("portico_device_"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/-/" in cookie
    value = cookie.partition("=")[2].partition(";")[0]
    with gate.desk() as db:
        assert value not in str(db.execute(text("SELECT * FROM remembered_device")).all())


def test_a_device_is_remembered_for_one_person(
    gate: GateUnderTest, anna: tuple[str, list[str]], hands: object
) -> None:
    """Anna's cookie under Ben's name opens nothing."""
    gate.person("ben@example.org")
    other = gate.browser()
    other.sign_in("ben@example.org")
    add_app(other)
    browser = half_way(gate)
    answer = second_step(browser, code(anna[0]), remember_device="y")
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("portico_device_"))
    value = cookie.partition("=")[2].partition(";")[0]
    from portico.gate.factors.devices import cookie_name

    with gate.desk() as db:
        name = cookie_name(gate.site, find_person(db, "ben@example.org"))
    thief = gate.browser()
    thief.client.set_cookie(name, value, domain="localhost", path="/-/")
    assert thief.sign_in("ben@example.org").location == STEP


def test_a_new_password_forgets_all_devices(gate: GateUnderTest, anna: tuple[str, list[str]]) -> None:
    """Whoever changed it."""
    from gate_client import HASH

    browser = signed_in(gate, anna[0], remember_device="y")
    with gate.desk() as db:
        person = find_person(db, "anna@example.org")
        account_actions.change_password(db, COMMAND_LINE, person, HASH.replace("$", "$", 1), keep=None)
        person.password = __import__("portico.gate.accounts.passwords", fromlist=["x"]).hash_password(
            "correct horse battery"
        )
        db.commit()
    assert browser.sign_in().location == STEP


def test_devices_are_listed_and_forgotten(
    gate: GateUnderTest, anna: tuple[str, list[str]], hands: object
) -> None:
    """One or all, by their owner."""
    browser = signed_in(gate, anna[0], remember_device="y")
    assert "Remembered devices" in browser.get("/-/security").text
    gate.person("ben@example.org")
    other = gate.browser()
    other.sign_in("ben@example.org")
    other.post("/-/security/devices/1/forget", other.hidden("/-/security"))
    assert "Remembered devices" in browser.get("/-/security").text
    browser.post("/-/security/devices/1/forget", browser.hidden("/-/security"))
    assert "Remembered devices" not in browser.get("/-/security").text
    browser.fill("/-/sign-out")
    assert browser.sign_in().location == STEP


def test_without_a_second_factor_codes_and_devices_are_gone(
    gate: GateUnderTest, anna: tuple[str, list[str]]
) -> None:
    """They stand in for nothing."""
    browser = signed_in(gate, anna[0], remember_device="y")
    browser.post("/-/security/authenticator/remove", browser.hidden("/-/security"))
    assert gate.browser().sign_in().location == "/"
    with gate.desk() as db:
        for table in ("recovery_code", "remembered_device", "authenticator"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0  # noqa: S608


def test_an_administrator_resets_somebodys_second_factor(
    gate: GateUnderTest, anna: tuple[str, list[str]], hands: object
) -> None:
    """App, passkeys, codes and devices are gone, sessions end, and the password is what it was."""
    browser = signed_in(gate, anna[0], remember_device="y")
    add_passkey(browser, SoftPasskey())
    with gate.desk() as db:
        actions.reset_second_factor(db, COMMAND_LINE, gate.site, find_person(db, "anna@example.org"))
    assert browser.check("home").status_code == 401
    assert gate.browser().sign_in().location == "/"
    assert gate.audit()[-2] == "second-factor-reset"
    with gate.desk() as db:
        for table in ("recovery_code", "remembered_device", "authenticator", "passkey"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0  # noqa: S608


def test_the_command_line_resets_a_second_factor(
    gate: GateUnderTest, anna: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """portico user reset-second-factor anna@example.org."""
    from portico.cli import person, user, user_ways

    for module in (person, user_ways):
        monkeypatch.setattr(module, "read_place", lambda _file: gate.site)
    done = CliRunner().invoke(
        user.command, ["reset-second-factor", "anna@example.org", "--json"], catch_exceptions=False
    )
    assert json.loads(done.output)["email"] == "anna@example.org"
    assert gate.browser().sign_in().location == "/"
    assert to_json(gate.site)

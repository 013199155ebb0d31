"""A person's own account, and links to a new password."""

from __future__ import annotations

import pytest

import databases
from gate_client import PASSWORD, GateUnderTest
from portico.gate.accounts import actions, links, people
from portico.gate.audit import COMMAND_LINE

NEW = "a completely new password"


def reset_link(gate: GateUnderTest, email: str = "anna@example.org") -> str:
    """A link as `portico user reset-link` makes it."""
    with gate.desk() as db:
        return f"/-/reset/{actions.issue_reset_link(db, COMMAND_LINE, people.find_person(db, email))}"


def test_a_person_changes_the_name(gate: GateUnderTest) -> None:
    """It is shown escaped, and apps learn it with the next identity."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert browser.fill("/-/profile", name="<b>Anna</b>").status_code == 302
    page = browser.get("/-/profile").text
    assert "<b>Anna</b>" not in page
    assert "&lt;b&gt;Anna&lt;/b&gt;" in page


def test_a_new_password_ends_the_other_sessions_and_renews_this_one(gate: GateUnderTest) -> None:
    """A thief with the old cookie of this session is out as well."""
    gate.person()
    here, there, thief = gate.browser(), gate.browser(), gate.browser()
    here.sign_in()
    there.sign_in()
    assert here.cookie
    thief.cookie = here.cookie
    answer = here.fill("/-/password", current=PASSWORD, password=NEW, repeat=NEW)
    assert answer.status_code == 302
    assert here.check("home").status_code == 204
    assert there.check("home").status_code == 401
    assert thief.check("home").status_code == 401
    assert gate.browser().sign_in().status_code == 401
    assert gate.browser().sign_in(password=NEW).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"current": "wrong password"}, "not your present password"),
        ({"password": "short", "repeat": "short"}, "at least 10"),
        ({"repeat": "something else"}, "not the same"),
        ({"current": ""}, "present password"),
    ],
)
def test_a_password_change_that_cannot_be_changes_nothing(
    gate: GateUnderTest, fields: dict[str, str], said: str
) -> None:
    """The page says why."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    answer = browser.fill("/-/password", **{"current": PASSWORD, "password": NEW, "repeat": NEW} | fields)
    assert said in answer.text
    assert gate.browser().sign_in().status_code == 302


def test_the_old_password_works_until_the_link_is_used(gate: GateUnderTest) -> None:
    """Asking for a link, and opening it, destroys nothing."""
    gate.person()
    link = reset_link(gate)
    assert gate.browser().get(link).status_code == 200
    signed_in = gate.browser()
    assert signed_in.sign_in().status_code == 302
    answer = gate.browser().fill(link, password=NEW, repeat=NEW)
    assert answer.location == "/-/sign-in?password-set"
    assert signed_in.check("home").status_code == 401
    assert gate.browser().sign_in().status_code == 401
    assert gate.browser().sign_in(password=NEW).status_code == 302


def test_a_reset_link_works_once(gate: GateUnderTest) -> None:
    """Replayed, it is like one that never was."""
    gate.person()
    link = reset_link(gate)
    browser = gate.browser()
    fields = browser.hidden(link) | {"password": NEW, "repeat": NEW}
    assert browser.post(link, fields).status_code == 302
    again = fields | {"password": PASSWORD, "repeat": PASSWORD}
    never = gate.browser().get("/-/reset/" + "A" * 43)
    assert browser.post(link, again).status_code == 404
    assert gate.browser().get(link).text == never.text
    assert gate.browser().sign_in(password=NEW).status_code == 302


def test_a_newer_link_and_a_changed_password_end_the_older_link(gate: GateUnderTest) -> None:
    """One link at a time."""
    gate.person()
    first, second = reset_link(gate), reset_link(gate)
    assert gate.browser().get(first).status_code == 404
    browser = gate.browser()
    browser.sign_in()
    browser.fill("/-/password", current=PASSWORD, password=NEW, repeat=NEW)
    assert gate.browser().get(second).status_code == 404


def test_a_reset_link_runs_out_after_half_an_hour(gate: GateUnderTest, hands) -> None:  # type: ignore[no-untyped-def]
    """29 minutes are fine, 31 are not."""
    gate.person()
    link = reset_link(gate)
    hands.move(minutes=29)
    assert gate.browser().get(link).status_code == 200
    hands.move(minutes=2)
    assert gate.browser().get(link).status_code == 404


def test_reset_tokens_are_long_random_and_kept_only_as_hashes(gate: GateUnderTest) -> None:
    """256 bits from the system's generator; the table has none of them."""
    from sqlalchemy import text

    gate.person()
    tokens = {reset_link(gate).rsplit("/", 1)[1] for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) == 43 for token in tokens)
    with gate.desk() as db:
        dump = repr(db.execute(text("SELECT * FROM link")).all())
    assert not any(token in dump for token in tokens)


def test_a_link_of_one_kind_opens_no_other_door(gate: GateUnderTest) -> None:
    """A first-run token is no reset token."""
    token = gate.notes[0].rsplit("/", 1)[1]
    assert gate.browser().get(f"/-/reset/{token}").status_code == 404
    gate.person()
    assert gate.browser().get(reset_link(gate).replace("reset", "first-run")).status_code == 404


def test_a_disabled_person_gets_no_link_and_loses_the_open_one(gate: GateUnderTest) -> None:
    """Disabled is disabled."""
    gate.person()
    link = reset_link(gate)
    with gate.desk() as db:
        person = people.find_person(db, "anna@example.org")
        actions.disable(db, COMMAND_LINE, person)
        with pytest.raises(Exception, match="disabled"):
            actions.issue_reset_link(db, COMMAND_LINE, person)
    assert gate.browser().get(link).status_code == 404


def test_of_two_who_use_a_link_at_once_one_succeeds(gate: GateUnderTest) -> None:
    """Taking the link away is what decides."""
    gate.person()
    token = reset_link(gate).rsplit("/", 1)[1]
    with gate.desk() as one, gate.desk() as two:
        assert links.find(one, links.LinkKind.RESET, token)
        assert links.find(two, links.LinkKind.RESET, token)
        assert links.use(one, links.LinkKind.RESET, token)
        one.commit()
        assert links.use(two, links.LinkKind.RESET, token) is None


def test_forgetting_the_password_asks_for_no_address(gate: GateUnderTest) -> None:
    """Without mail the page only explains, so it cannot tell who is a member."""
    page = gate.browser().get("/-/forgot")
    assert page.status_code == 200
    assert "administrator" in page.text
    assert gate.browser().post("/-/forgot", {"email": "anna@example.org"}).status_code in {400, 405}


def test_the_last_administrator_stays(gate: GateUnderTest) -> None:
    """Neither disabled nor without the role; with a second one, both are possible."""
    gate.person("root@example.org", "admin")
    with gate.desk() as db:
        root = people.find_person(db, "root@example.org")
        with pytest.raises(actions.LastAdministratorError):
            actions.disable(db, COMMAND_LINE, root)
        with pytest.raises(actions.LastAdministratorError):
            actions.set_roles(db, COMMAND_LINE, root, ["analyst"])
        actions.set_roles(db, COMMAND_LINE, root, ["analyst", "admin"])
    gate.person("second@example.org", "admin")
    with gate.desk() as db:
        actions.disable(db, COMMAND_LINE, people.find_person(db, "root@example.org"))
        second = people.find_person(db, "second@example.org")
        with pytest.raises(actions.LastAdministratorError):
            actions.disable(db, COMMAND_LINE, second)


def test_a_new_role_opens_its_apps_at_once(gate: GateUnderTest) -> None:
    """And taking it away closes them: the check asks the database each time."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert browser.check("sales").status_code == 403
    for roles, status in ((["analyst"], 204), ([], 403)):
        with gate.desk() as db:
            actions.set_roles(db, COMMAND_LINE, people.find_person(db, "anna@example.org"), roles)
        assert browser.check("sales").status_code == status


def test_an_action_that_fails_leaves_no_trace(gate: GateUnderTest) -> None:
    """Write and audit line come together or not at all."""
    gate.person()
    before = gate.audit()
    with gate.desk() as db, pytest.raises(actions.AddressTakenError):
        actions.create_person(db, COMMAND_LINE, "Anna@Example.org")
    assert gate.audit() == before


def test_the_audit_can_only_grow(gate: GateUnderTest) -> None:
    """The database itself refuses to change or remove a line."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    gate.person()
    forged = (
        "INTO audit (id, at, actor, action, subject, ip, detail) "
        "SELECT id, at, 'x', action, subject, ip, detail FROM audit"
    )
    statements = ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"]
    if databases.chosen() == "sqlite":
        statements += [f"INSERT OR REPLACE {forged}", f"REPLACE {forged}"]
    for statement in statements:
        with gate.desk() as db, pytest.raises(DBAPIError, match="append-only"):
            db.execute(text(statement))


@pytest.mark.parametrize(
    ("typed", "kept"), [("  Anna \t Lee ", "Anna Lee"), ("A\u202enna", "Anna"), ("x" * 300, None)]
)
def test_a_name_is_one_line_of_letters(gate: GateUnderTest, typed: str, kept: str | None) -> None:
    """No control characters that would turn the text around; too long is said."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    browser.fill("/-/profile", name=typed)
    with gate.desk() as db:
        assert people.find_person(db, "anna@example.org").name == (kept or "Anna")

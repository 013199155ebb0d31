"""The JSON API: what it does, that it asks for the same as the pages, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from gate_client import Browser, GateUnderTest
from portico.gate.accounts import people
from portico.gate.api.operations import OPERATIONS, PREFIX
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import Passkey, Person, SessionRow
from portico.gate.tokens import actions as token_actions


def token_for(gate: GateUnderTest, email: str, *scopes: str) -> str:
    """The text of a new token of this person."""
    with gate.desk() as db:
        text, _ = token_actions.issue_personal(
            db,
            COMMAND_LINE,
            gate.site,
            people.find_person(db, email),
            "test",
            scopes or ("api",),
            timedelta(days=1),
        )
    return text


class Program:
    """A client that shows a token, or none, and keeps no cookies."""

    def __init__(self, gate: GateUnderTest, token: str | None) -> None:
        self.client = gate.app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Ask the API."""
        sent = {} if body is None else {"json": body}
        return self.client.open(
            PREFIX + path,
            method=method,
            base_url="http://localhost:8000",
            headers=self.headers | headers,
            **sent,
        )


@pytest.fixture
def admin(gate: GateUnderTest) -> Program:
    """A program with an administrator's token."""
    gate.person("root@example.org", "admin")
    return Program(gate, token_for(gate, "root@example.org"))


def added(admin: Program, email: str = "anna@example.org", *roles: str) -> str:
    """The id of a person added through the API."""
    answer = admin.ask("POST", "/people", {"email": email, "roles": list(roles)})
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def assert_problem(answer: TestResponse, status: int, said: str = "") -> None:
    """It is a problem detail of this status that says this."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert said in answer.text


def path_of(path: str, **parts: object) -> str:
    """An operation's path with its parts filled in."""
    return path.format(**({"id": "1", "name": "sales", "way": "passkey-1"} | parts))


# -- What it does -------------------------------------------------------------------------------------------------


def test_a_person_is_added_found_changed_closed_and_opened(gate: GateUnderTest, admin: Program) -> None:
    one = added(admin, "Anna@Example.org", "analyst")
    assert admin.ask("PATCH", f"/people/{one}", {"name": "Änne"}).json["name"] == "Änne"
    found = admin.ask("GET", "/people?words=anne&role=analyst&state=active").json
    assert [person["email"] for person in found["items"]] == ["anna@example.org"]
    assert admin.ask("PUT", f"/people/{one}/roles", {"roles": []}).json["roles"] == []
    assert admin.ask("POST", f"/people/{one}/disable").json["active"] is False
    assert admin.ask("POST", f"/people/{one}/enable").json["active"] is True
    link = admin.ask("POST", f"/people/{one}/reset-link").json["link"]
    browser = gate.browser()
    browser.fill(
        link.removeprefix("http://localhost:8000"), password="a horse and a cart", repeat="a horse and a cart"
    )
    assert browser.sign_in("anna@example.org", "a horse and a cart").status_code == 302
    assert len(admin.ask("GET", f"/sessions?person={one}").json["items"]) == 1
    assert admin.ask("DELETE", f"/people/{one}/sessions").json == {"ended": 1}
    assert browser.get("/-/profile").status_code == 302
    guest = admin.ask("PUT", f"/people/{one}/end", {"until": "2999-12-31T23:59:59Z"}).json
    assert guest["active_until"].startswith("2999-12-31T23:59:59")
    assert_problem(admin.ask("PUT", f"/people/{one}/end", {"until": "2020-01-01T00:00:00Z"}), 422, "future")
    assert_problem(
        admin.ask("PUT", f"/people/{one}/end", {"until": "2999-12-31T23:59:59"}), 422, "body.until"
    )
    assert admin.ask("DELETE", f"/people/{one}").status_code == 204
    assert_problem(admin.ask("GET", f"/people/{one}"), 404)


def test_lists_are_read_on_with_the_cursor(admin: Program) -> None:
    for number in range(5):
        added(admin, f"p{number}@example.org")
    seen, after = [], ""
    while True:
        page = admin.ask("GET", f"/people?limit=2{after}").json
        seen += [person["email"] for person in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [f"p{number}@example.org" for number in range(5)] + ["root@example.org"]
    assert_problem(admin.ask("GET", "/people?after=xyz"), 422, "query.after")


def test_roles_apps_tokens_invitations_and_the_audit_are_there(gate: GateUnderTest, admin: Program) -> None:
    assert admin.ask("POST", "/roles", {"name": "editor"}).status_code == 201
    assert {role["name"]: role["declared"] for role in admin.ask("GET", "/roles").json["items"]} == {
        "admin": True,
        "analyst": True,
        "editor": False,
    }
    assert admin.ask("DELETE", "/roles/editor").status_code == 204
    assert_problem(admin.ask("DELETE", "/roles/editor"), 404)
    assert_problem(admin.ask("DELETE", "/roles/admin"), 422, "cannot be removed")
    apps = admin.ask("GET", "/apps").json["items"]
    assert [app["name"] for app in apps] == [app.name for app in gate.site.apps]
    assert all(app["doing"] is None for app in apps)  # no supervisor started this gate
    assert_problem(admin.ask("POST", f"/apps/{apps[0]['name']}/restart"), 503, "supervisor")
    made = admin.ask("POST", "/invitations", {"email": "new@example.org", "roles": ["analyst"]})
    assert "/-/invitation/" in made.json["link"]
    assert admin.ask("GET", "/invitations").json["items"][0]["state"] == "open"
    assert admin.ask("DELETE", f"/invitations/{made.json['about']['id']}").status_code == 204
    assert_problem(admin.ask("DELETE", f"/invitations/{made.json['about']['id']}"), 404)
    tokens = admin.ask("GET", "/tokens").json["items"]
    assert [token["person"] for token in tokens] == ["root@example.org"]
    lines = admin.ask("GET", "/audit?action=role-removed").json["items"]
    assert [(line["actor"], line["subject"]) for line in lines] == [("root@example.org", "editor")]
    assert admin.ask("DELETE", f"/tokens/{tokens[0]['id']}").status_code == 204
    assert admin.ask("GET", "/me").status_code == 401


def test_a_group_is_made_filled_searched_emptied_and_removed(gate: GateUnderTest, admin: Program) -> None:
    anna, ben = added(admin), added(admin, "ben@example.org")
    made = admin.ask("POST", "/groups", {"name": "readers", "description": "A", "roles": ["analyst"]})
    assert made.json == {
        "name": "readers",
        "description": "A",
        "roles": ["analyst"],
        "people": 0,
        "opens": ["Sales"],
    }
    assert_problem(admin.ask("POST", "/groups", {"name": "readers"}), 422, "already")
    assert_problem(admin.ask("POST", "/groups", {"name": "x", "roles": ["admin"]}), 422, "one by one")
    for one in (anna, ben, ben):
        answer = admin.ask("PUT", f"/groups/readers/people/{one}")
    assert answer.json["people"] == 2
    found = admin.ask("GET", "/groups/readers/people?words=BEN").json["items"]
    assert [(person["email"], person["groups"]) for person in found] == [("ben@example.org", ["readers"])]
    assert len(admin.ask("GET", "/people?group=readers").json["items"]) == 2
    for _ in range(2):
        assert admin.ask("DELETE", f"/groups/readers/people/{ben}").json["people"] == 1
    tag = admin.ask("GET", "/groups/readers").headers["ETag"]
    assert admin.ask("PATCH", "/groups/readers", {"description": "B"}, **{"If-Match": tag}).status_code == 200
    assert_problem(admin.ask("DELETE", "/groups/readers", **{"If-Match": tag}), 412)
    assert admin.ask("PUT", "/groups/readers/roles", {"roles": []}).json["opens"] == []
    assert [one["name"] for one in admin.ask("GET", "/groups?words=b").json["items"]] == ["readers"]
    assert admin.ask("DELETE", "/groups/readers").status_code == 204
    for method, path in (("GET", ""), ("GET", "/people"), ("DELETE", ""), ("PUT", f"/people/{anna}")):
        assert_problem(admin.ask(method, f"/groups/readers{path}"), 404)
    lines = admin.ask("GET", "/audit?limit=500").json["items"]
    made_by = {line["actor"] for line in lines if line["action"].startswith("group-")}
    assert made_by == {"root@example.org"}
    assert sum(line["action"] == "group-joined" for line in lines) == 2


def test_ways_to_sign_in_are_told_and_removed(gate: GateUnderTest, admin: Program) -> None:
    """Not the password, and not the last way of the last administrator."""
    gate.person("anna@example.org")
    with gate.desk() as db:
        for number, email in enumerate(("anna@example.org", "root@example.org")):
            person = people.find_person(db, email)
            key = Passkey(
                person_id=person.id, credential=str(number), public_key=b"", sign_count=0, name="Key"
            )
            db.add(key)
        people.find_person(db, "root@example.org").password = None
        db.commit()
        anna, root = (
            people.find_person(db, f"{name}@example.org").fs_uniquifier for name in ("anna", "root")
        )
    shown = admin.ask("GET", f"/people/{anna}/ways").json["items"]
    assert [(one["id"], one["kind"], one["removable"]) for one in shown] == [
        ("password", "password", False),
        ("passkey-1", "passkey", True),
    ]
    assert_problem(admin.ask("DELETE", f"/people/{anna}/ways/password"), 422, "not removed by itself")
    assert_problem(admin.ask("DELETE", f"/people/{anna}/ways/passkey-2"), 404)
    assert admin.ask("DELETE", f"/people/{anna}/ways/passkey-1").status_code == 204
    assert_problem(admin.ask("DELETE", f"/people/{anna}/ways/passkey-1"), 404)
    assert_problem(admin.ask("DELETE", f"/people/{root}/ways/passkey-2"), 409, "last way")
    assert_problem(admin.ask("POST", f"/people/{root}/reset-second-factor"), 409, "last way")


def test_a_program_learns_who_it_is(gate: GateUnderTest, admin: Program) -> None:
    answer = admin.ask("GET", "/me").json
    assert (answer["name"], answer["roles"], answer["scopes"]) == ("root@example.org", ["admin"], ["api"])


def test_what_was_seen_is_the_condition_of_a_change(admin: Program) -> None:
    """If-Match: of two who read the same, the second to write is told."""
    one = added(admin)
    tag = admin.ask("GET", f"/people/{one}").headers["ETag"]
    assert admin.ask("GET", f"/people/{one}", **{"If-None-Match": tag}).status_code == 304
    assert admin.ask("PATCH", f"/people/{one}", {"name": "A"}, **{"If-Match": tag}).status_code == 200
    assert_problem(admin.ask("PATCH", f"/people/{one}", {"name": "B"}, **{"If-Match": tag}), 412)
    assert_problem(admin.ask("POST", f"/people/{one}/disable", **{"If-Match": tag}), 412)
    assert admin.ask("GET", f"/people/{one}").json["name"] == "A"
    assert admin.ask("PATCH", f"/people/{one}", {"name": "C"}).json["name"] == "C"


def test_the_last_administrator_stays_by_the_api_too(gate: GateUnderTest, admin: Program) -> None:
    root = admin.ask("GET", "/people?role=admin").json["items"][0]["id"]
    assert_problem(admin.ask("POST", f"/people/{root}/disable"), 409, "last administrator")
    assert_problem(admin.ask("PUT", f"/people/{root}/roles", {"roles": []}), 409, "last administrator")
    assert_problem(
        admin.ask("PUT", f"/people/{root}/end", {"until": "2999-01-01T00:00:00Z"}), 409, "last administrator"
    )
    assert_problem(admin.ask("DELETE", f"/people/{root}"), 409, "last administrator")


# -- Who may ask --------------------------------------------------------------------------------------------------

every_operation = pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)


@every_operation
def test_a_stranger_learns_nothing_from_any_operation(gate: GateUnderTest, one: Any) -> None:
    for token in (None, "ptk_" + "A" * 49, "x"):
        answer = Program(gate, token).ask(one.method, path_of(one.path), {} if one.body else None)
        assert_problem(answer, 401)
        assert "WWW-Authenticate" in answer.headers


@every_operation
def test_a_member_may_do_no_more_by_the_api_than_on_the_pages(gate: GateUnderTest, one: Any) -> None:
    gate.person("anna@example.org", "analyst")
    answer = Program(gate, token_for(gate, "anna@example.org")).ask(
        one.method, path_of(one.path), {} if one.body else None
    )
    if one.name == "who_am_i":
        assert answer.status_code == 200
    else:
        assert_problem(answer, 403)


@every_operation
def test_a_scope_narrows_what_an_administrators_token_may(gate: GateUnderTest, one: Any) -> None:
    gate.person("root@example.org", "admin")
    for scopes, opens in (("apps",), False), (("app:sales",), False), (("api:read",), one.method == "GET"):
        program = Program(gate, token_for(gate, "root@example.org", *scopes))
        answer = program.ask(one.method, path_of(one.path), {} if one.body else None)
        if opens:
            assert answer.status_code not in {401, 403}, answer.text
        else:
            assert_problem(answer, 403, "scope")


@every_operation
def test_a_session_needs_the_forms_proof_for_what_changes_something(gate: GateUnderTest, one: Any) -> None:
    """And a page of another site has no token to show, and cannot show the session's."""
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    answer = browser.client.open(
        PREFIX + path_of(one.path), method=one.method, base_url=browser.base, json={} if one.body else None
    )
    if one.method == "GET":
        assert answer.status_code not in {400, 401, 403}, answer.text
    else:
        assert_problem(answer, 400, "form")


def by_session(browser: Browser, method: str, path: str, body: Any = None) -> TestResponse:
    """Ask as a page of the site does."""
    headers = {"X-CSRFToken": browser.hidden("/-/profile")["csrf_token"]}
    sent = {} if body is None else {"json": body}
    return browser.client.open(PREFIX + path, method=method, base_url=browser.base, headers=headers, **sent)


def test_a_page_of_the_site_asks_with_its_session(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    assert by_session(browser, "POST", "/people", {"email": "anna@example.org"}).status_code == 201
    assert by_session(browser, "GET", "/me").json["scopes"] is None


def test_a_session_is_confirmed_before_sensitive_changes_and_a_token_is_proof_itself(
    gate: GateUnderTest,
) -> None:
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    with gate.desk() as db:
        for row in db.scalars(select(SessionRow)):
            row.proven_at = None
        db.commit()
    answer = by_session(browser, "POST", "/people", {"email": "anna@example.org"})
    assert_problem(answer, 401, "confirm-required")
    added(Program(gate, token_for(gate, "root@example.org")))


def test_a_bad_token_is_not_made_good_by_a_session_beside_it(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    for header in ("Bearer x", "Bearer ", "Basic cm9vdDpyb290", ""):
        answer = browser.get(f"{PREFIX}/people", headers={"Authorization": header})
        assert answer.status_code == 401, header


def test_a_token_is_good_at_the_api_alone_and_opens_no_page(gate: GateUnderTest, admin: Program) -> None:
    answer = admin.client.get("/-/admin/people", base_url="http://localhost:8000", headers=admin.headers)
    assert "/-/sign-in" in answer.location


def test_no_token_makes_another(gate: GateUnderTest, admin: Program) -> None:
    """Else one that leaks makes itself successors, for more and for longer."""
    body = {"name": "more", "scopes": ["apps"], "days": 30}
    assert_problem(admin.ask("POST", "/tokens", body), 403, "makes no tokens")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    made = by_session(browser, "POST", "/tokens", body)
    assert made.json["token"].startswith("ptk_")
    assert made.json["about"]["kind"] == "service"


# -- What it refuses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"active": False},
        {"id": "x"},
        {"email_verified": True},
        {"password": "x"},
        {"fs_uniquifier": "x"},
        {"roles": ["admin"]},
    ],
)
def test_nobody_sets_what_is_not_theirs_to_set(
    gate: GateUnderTest, admin: Program, more: dict[str, Any]
) -> None:
    """Mass assignment: a member that the operation does not take is refused, and nothing is changed."""
    one = added(admin)
    assert_problem(admin.ask("PATCH", f"/people/{one}", {"name": "B"} | more), 422, next(iter(more)))
    assert admin.ask("GET", f"/people/{one}").json["name"] == ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "body.email"),
        ({"email": 1}, "body.email"),
        ({"email": "x"}, "body.email"),
        ({"email": "not an address"}, "mail address"),
        ({"email": "a@example.org", "roles": "admin"}, "body.roles"),
        ({"email": "a@example.org", "roles": ["x" * 41]}, "body.roles.0"),
        ({"email": "a@example.org", "roles": ["analist"]}, "did you mean"),
        ({"email": "a@example.org", "name": "x" * 201}, "body.name"),
        ({"email": "a@example.org", "name": "a\0b"}, "NUL"),
        ([], "body"),
        ("x", "body"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(admin: Program, body: Any, said: str) -> None:
    assert_problem(admin.ask("POST", "/people", body), 422, said)


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"email": "a@example.org"}', "text/plain", 415),
        (b"email=a@example.org", "application/x-www-form-urlencoded", 415),
        (b'{"email":"' + b"x" * 300_000 + b'"}', "application/json", 413),
        (b'{"email": "\\ud800@example.org"}', "application/json", 400),
    ],
)
def test_a_body_that_is_none_is_refused(admin: Program, data: bytes, kind: str, status: int) -> None:
    answer = admin.client.post(
        f"{PREFIX}/people",
        base_url="http://localhost:8000",
        data=data,
        content_type=kind,
        headers=admin.headers,
    )
    assert_problem(answer, status)


def test_an_answer_never_repeats_what_was_sent_where_it_is_wrong(admin: Program) -> None:
    """It may be a secret that went into the wrong field."""
    assert "hunter2" not in admin.ask("POST", "/people", {"email": ["hunter2"]}).text


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "state=x", "x=1", "role=a&role=b", "after="]
)
def test_a_query_that_means_nothing_is_refused(admin: Program, query: str) -> None:
    assert_problem(admin.ask("GET", f"/people?{query}"), 422, "query.")


@pytest.mark.parametrize(
    "path", ["/people/x", "/people/%00", "/sessions/99999999999999999999", "/nothing", "/apps/x"]
)
def test_what_is_not_there_is_a_404_or_a_400(admin: Program, path: str) -> None:
    answer = admin.ask("DELETE" if "sessions" in path else "GET", path)
    assert_problem(answer, 400 if "%00" in path else 404)


def test_no_answer_holds_a_hash_or_an_internal_number_of_a_person(
    gate: GateUnderTest, admin: Program
) -> None:
    gate.person("anna@example.org")
    text = "".join(admin.ask("GET", path).text for path in ("/people", "/tokens", "/sessions", "/audit"))
    with gate.desk() as db:
        for person in db.scalars(select(Person)):
            assert not person.password or person.password not in text
    assert "token_hash" not in text
    assert "argon2" not in text

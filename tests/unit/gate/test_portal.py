"""The portal, the page of a crashed app, and how errors look."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gate_client import GateUnderTest, make_app, make_site
from portico.gate.accounts import actions, people
from portico.gate.app import create_gate
from portico.gate.audit import COMMAND_LINE
from portico.gate.portal.views import address
from portico.site import Access, Site, to_json

JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("email", "roles", "seen"),
    [
        (None, (), {"News"}),
        ("bob@example.org", (), {"Home", "News", "Lab"}),
        ("ann@example.org", ("analyst",), {"Home", "Sales", "News", "Lab"}),
        ("carla@example.org", (), {"Home", "Board", "News", "Lab"}),
        ("root@example.org", ("admin",), {"Home", "Sales", "Board", "News", "Lab"}),
    ],
)
def test_the_portal_shows_the_apps_that_one_may_open(
    gate: GateUnderTest, email: str | None, roles: tuple[str, ...], seen: set[str]
) -> None:
    """And no others, not even their names."""
    browser = gate.browser()
    if email:
        gate.person(email, *roles)
        browser.sign_in(email)
    page = browser.get("/-/portal").text
    assert {
        title for title in ("Home", "Sales", "Board", "News", "Lab") if f"<h2>{title}</h2>" in page
    } == seen


def test_a_site_without_public_apps_sends_strangers_to_the_sign_in(tmp_path: Path) -> None:
    """There is nothing to show them."""
    gate = GateUnderTest(make_site(tmp_path, make_app("home")))
    assert gate.browser().get("/").location == "/-/sign-in"


def test_a_click_leads_to_the_apps_path_host_or_port(tmp_path: Path) -> None:
    """With the site's scheme, and its port where it has one."""
    plain, tls = make_site(tmp_path), make_site(tmp_path, url="https://apps.example.com")
    sales = make_app("sales")
    own_host = make_app("lab", path=None, host="lab.example.com")
    own_port = make_app("sum", path=None, port=5000)
    assert address(plain, sales) == "/sales/"
    assert address(plain, own_host) == "http://lab.example.com:8000/"
    assert address(tls, own_host) == "https://lab.example.com/"
    assert address(plain, own_port) == "http://localhost:5000/"


def test_titles_and_descriptions_are_shown_as_text(tmp_path: Path) -> None:
    """A title is no markup."""
    app = make_app("x", Access(public=True), title="<script>alert(1)</script>", description="<img src=x>")
    page = GateUnderTest(make_site(tmp_path, app)).browser().get("/").text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


@pytest.fixture
def crashed(site: Site, monkeypatch: pytest.MonkeyPatch) -> GateUnderTest:
    """A gate beside whose site.json the supervisor has left the last lines of `sales`."""
    run = site.state / "run"
    (run / "crashed").mkdir(parents=True)
    (run / "crashed" / "sales").write_text("\n".join(f"line {n}" for n in range(100)) + "\n<boom>")
    (run / "site.json").write_text(to_json(site))
    monkeypatch.setenv("PORTICO_SITE_JSON", str(run / "site.json"))
    gate = GateUnderTest(site)
    gate.app = create_gate()
    return gate


def test_the_page_of_a_crashed_app_shows_its_last_lines_to_administrators_only(
    crashed: GateUnderTest,
) -> None:
    """Everybody else reads that it has stopped."""
    crashed.person("root@example.org", "admin")
    crashed.person("ann@example.org", "analyst")
    for email, shown in (("root@example.org", True), ("ann@example.org", False)):
        browser = crashed.browser()
        browser.sign_in(email)
        page = browser.get("/-/crashed/sales", headers=BROWSER)
        assert page.status_code == 503
        assert ("line 99" in page.text) is shown
        assert "line 5\n" not in page.text
        assert "<boom>" not in page.text
    assert "line 99" not in crashed.browser().get("/-/crashed/sales").text


def test_a_crashed_page_of_no_app_reads_no_file(crashed: GateUnderTest) -> None:
    """The name comes from the address, the file only from the site."""
    for name in ("nothing", "..%2fsite.json", "%2e%2e", "..", "sales/.."):
        assert crashed.browser().get(f"/-/crashed/{name}").status_code in {404, 308}


def test_a_crashed_app_is_json_for_programs(crashed: GateUnderTest) -> None:
    """503 and when to try again."""
    answer = crashed.browser().get("/-/crashed/sales", headers=JSON)
    assert (answer.status_code, answer.json["error"], answer.headers["Retry-After"]) == (503, "crashed", "5")


def test_errors_are_pages_for_people_and_json_for_programs(gate: GateUnderTest) -> None:
    """404 either way; the page says nothing that the address said."""
    page = gate.browser().get("/-/<script>", headers=BROWSER)
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "<script>" not in page.text.replace("<script src=", "")
    answer = gate.browser().get("/-/nothing", headers=JSON)
    assert answer.status_code == 404
    assert answer.json["error"] == "not-found"


def test_a_bug_shows_no_traceback(gate: GateUnderTest) -> None:
    """500, a page, and the reason only in the log."""
    from portico.gate.permissions import public

    @gate.app.get("/-/bug")
    @public
    def bug() -> str:
        raise RuntimeError("secret detail")

    answer = gate.browser().get("/-/bug", headers=BROWSER)
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def test_the_log_of_a_failure_names_no_link_and_no_value(
    gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A link that was not used because the page failed is still good; a statement's values may be hashes."""
    gate.person()
    with gate.desk() as db:
        token = actions.issue_reset_link(db, COMMAND_LINE, people.find_person(db, "anna@example.org"))
    browser = gate.browser()
    fields = browser.hidden(f"/-/reset/{token}") | dict.fromkeys(("password", "repeat"), "tall white columns")

    def fail(db: Session, *_: object) -> None:
        db.execute(text("INSERT INTO person (uid) VALUES (:uid)"), {"uid": "precious"})

    browser.post(f"/-/reset/{token}", {})  # without the form's token
    monkeypatch.setattr(actions, "reset_password", fail)
    assert browser.post(f"/-/reset/{token}", fields).status_code == 500
    monkeypatch.setattr(actions, "reset_password", lambda *_: 1 // 0)
    assert browser.post(f"/-/reset/{token}", fields).status_code == 500
    assert caplog.text.count("/-/reset/<token>") >= 3
    assert "ZeroDivisionError" in caplog.text
    assert token not in caplog.text
    assert "IntegrityError" in caplog.text
    assert "('precious'" not in caplog.text
    assert "'uid': 'precious'" not in caplog.text


def test_health_tells_whether_the_database_answers(gate: GateUnderTest, site: Site) -> None:
    """200, and 503 without it."""
    assert gate.browser().get("/-/health").json == {"status": "ok"}
    if not site.database_url.startswith("sqlite"):
        return
    gate.close()
    shutil.rmtree(site.state)
    assert gate.browser().get("/-/health").status_code == 503


def test_a_locked_database_is_a_page_that_says_so(gate: GateUnderTest, site: Site) -> None:
    """503 and when to try again; not a traceback, not a wrong "address or password"."""
    from sqlalchemy import text

    gate.person()
    browser = gate.browser()
    browser.sign_in()
    with gate.app.app_context():
        engine = gate.app.extensions["sqlalchemy"].engine
    engine.dispose()
    if not site.database_url.startswith("sqlite"):
        pytest.skip("only SQLite locks the whole database")
    with engine.connect() as connection:  # the pool gives this connection to the next request
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    fields = browser.hidden("/-/profile") | {"name": "Changed"}
    with gate.desk() as db:
        db.execute(text("BEGIN EXCLUSIVE"))
        answer = browser.post("/-/profile", fields)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "database" in answer.text


def test_style_and_scripts_are_kept_but_no_older_than_the_release(gate: GateUnderTest) -> None:
    """Their addresses change with their contents."""
    page = gate.browser().get("/-/sign-in").text
    link = page.split('href="/-/static/portico.css', 1)[1].split('"')[0]
    assert link.startswith("?v=")
    answer = gate.browser().get("/-/static/portico.css" + link)
    assert answer.status_code == 200
    assert "max-age=3600" in answer.headers["Cache-Control"]


def test_a_closed_page_at_an_odd_address_leads_to_the_sign_in_safely(gate: GateUnderTest) -> None:
    """Line breaks and foreign letters in an address stay percent-encoded on the way."""

    answer = gate.browser().get("/-/profile?x=%0d%0aSet-Cookie:y&z=%C3%A9")
    assert answer.location == "/-/sign-in?/-/profile?x=%0d%0aSet-Cookie:y&z=%C3%A9"

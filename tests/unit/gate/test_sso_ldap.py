"""A directory as a source of passwords, against a real slapd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import ldap_server
from conftest import missing
from gate_client import PASSWORD as LOCAL
from gate_client import GateUnderTest, make_app, make_site
from ldap_server import BASE, PASSWORD, READER, READER_PASSWORD, LdapServer
from portico.gate.models import LinkedAccount, Person
from portico.gate.sso.calls import SilentError
from portico.gate.sso.directory import DirectoryClient
from portico.site import Access, Directory, SignUp, Sources


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LdapServer]:
    """A directory that runs as long as this file's tests."""
    if part := ldap_server.missing_part():
        missing(part)
    with ldap_server.running(tmp_path_factory.mktemp("ldap")) as one:
        yield one


def directory(server: LdapServer, **changes: Any) -> Directory:
    """How portico.toml would describe it."""
    known = Directory(
        url=server.url,
        base=f"ou=people,{BASE}",
        title="the company's directory",
        ca=server.ca,
        bind_dn=READER,
        password=READER_PASSWORD,
        filter="(|(mail={login})(uid={login}))",
        roles=((f"CN=Sales, ou=groups,{BASE}", "analyst"),),
        timeout=3.0,
    )
    return replace(known, **changes)


@pytest.fixture
def gate(tmp_path: Path, server: LdapServer) -> Iterator[GateUnderTest]:
    """A gate that asks the directory, and is open to everybody in it."""
    sales = make_app("sales", Access(roles=frozenset({"analyst"})))
    sources = Sources(directory=directory(server, sign_up="open"))
    one = GateUnderTest(make_site(tmp_path, sales, make_app("sum"), sources=sources, sign_up=SignUp.CLOSED))
    yield one
    one.close()


def test_somebody_in_the_directory_comes_in_with_the_roles_of_their_groups(gate: GateUnderTest) -> None:
    browser = gate.browser()
    assert browser.sign_in("anna@example.org", PASSWORD).status_code == 302
    assert browser.check("sales").status_code == 204
    with gate.desk() as db:
        anna = db.scalar(select(Person).where(Person.email == "anna@example.org"))
        assert (anna.name, anna.password, anna.email_verified) == ("Anna Example", None, True)


def test_the_name_in_the_directory_will_do_as_well(gate: GateUnderTest) -> None:
    assert gate.browser().sign_in("anna", PASSWORD).status_code == 302


def test_a_wrong_password_and_an_unknown_name_say_the_same(gate: GateUnderTest) -> None:
    answers = [
        gate.browser().sign_in(*pair) for pair in (("anna@example.org", "no"), ("zoe@example.org", "no"))
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert "Address or password are not right." in answers[0].text


@pytest.mark.parametrize("password", ["", "\0", "\0abc"])
def test_a_name_without_a_password_is_nobody(server: LdapServer, password: str) -> None:
    """Many directories, as this one, answer such a bind with success."""
    import ldap

    ldap.initialize(server.url).simple_bind_s(f"uid=anna,ou=people,{BASE}", "")
    assert DirectoryClient(directory(server)).verify("anna", password) is None


@pytest.mark.parametrize(
    "login",
    [
        "*",
        "anna*",
        "a*a",
        "anna)(uid=*",
        "*)(objectClass=*",
        "anna\0",
        "\\61nna",
        "anna)(|(uid=*",
        "(uid=anna)",
    ],
)
def test_what_somebody_types_is_no_filter(server: LdapServer, login: str) -> None:
    assert DirectoryClient(directory(server)).verify(login, PASSWORD) is None


def test_the_right_name_and_password_are_known_over_both_kinds_of_encryption(server: LdapServer) -> None:
    for url in (server.url, server.tls_url):
        found = DirectoryClient(directory(server, url=url)).verify("anna", PASSWORD)
        assert found is not None
        assert found.groups == (f"CN=Sales, ou=groups,{BASE}",)


@pytest.mark.parametrize("where", ["url", "tls_url"])
def test_a_certificate_of_another_authority_is_refused(
    server: LdapServer, tmp_path: Path, where: str
) -> None:
    ldap_server.make_certificates(tmp_path)
    client = DirectoryClient(directory(server, url=getattr(server, where), ca=tmp_path / "ca.crt"))
    with pytest.raises(SilentError):
        client.verify("anna", PASSWORD)


def test_an_account_that_is_in_use_is_joined_only_after_its_own_sign_in(gate: GateUnderTest) -> None:
    """Whoever may write their own entry could write somebody else's address into it."""
    gate.person("anna@example.org")
    browser = gate.browser()
    answer = browser.sign_in("anna", PASSWORD)
    assert "/-/sso/join/" in answer.location
    assert browser.check("sum").status_code == 401
    browser.sign_in("anna@example.org", LOCAL, path=f"/-/sign-in?next={answer.location}")
    assert browser.fill(answer.location).location == "/"
    assert gate.browser().sign_in("anna", PASSWORD).location == "/"


def test_a_role_goes_with_the_group(gate: GateUnderTest, server: LdapServer) -> None:
    gate.browser().sign_in("anna", PASSWORD)
    member = (
        "dn: cn=sales,ou=groups,{base}\nchangetype: modify\n%s: member\nmember: uid=anna,ou=people,{base}\n"
    )
    stays = "dn: cn=sales,ou=groups,{base}\nchangetype: modify\nadd: member\nmember: uid=nomail,ou=people,{base}\n"
    server.change(stays)
    server.change(member % "delete")
    try:
        browser = gate.browser()
        browser.sign_in("anna", PASSWORD)
        assert browser.check("sales").status_code == 403
    finally:
        server.change(member % "add")
        server.change(stays.replace("add:", "delete:"))


def test_somebody_without_an_address_is_told_so(gate: GateUnderTest) -> None:
    answer = gate.browser().sign_in("nomail", PASSWORD)
    assert answer.status_code == 403
    assert "has no mail address" in answer.text


def test_who_is_not_wanted_gets_no_account(tmp_path: Path, server: LdapServer) -> None:
    sources = Sources(directory=directory(server))
    gate = GateUnderTest(make_site(tmp_path, sources=sources, sign_up=SignUp.INVITE))
    assert gate.browser().sign_in("anna", PASSWORD).status_code == 403
    gate.close()


def test_groups_may_be_searched_and_named_shortly(server: LdapServer) -> None:
    by_search = directory(
        server,
        groups=None,
        group_base=f"ou=groups,{BASE}",
        group_filter="(member={dn})",
        roles=(("sales", "analyst"), ("Others", "analyst")),
    )
    found = DirectoryClient(by_search).verify("anna", PASSWORD)
    assert found is not None
    assert found.groups == ("sales",)


def test_odd_names_are_found_and_their_groups_too(server: LdapServer) -> None:
    """A name with brackets and a star, which mean something in a filter."""
    odd = directory(
        server,
        filter="(cn={login})",
        groups=None,
        group_base=f"ou=groups,{BASE}",
        roles=(("others", "analyst"),),
    )
    found = DirectoryClient(replace(odd, group_filter="(member={dn})")).verify("Bert (Sales) *", PASSWORD)
    assert found is not None
    assert (found.email, found.groups) == ("bert@example.org", ("others",))


def test_active_directorys_names_are_read(server: LdapServer) -> None:
    client = DirectoryClient(
        directory(
            server,
            filter="(|(userPrincipalName={login})(sAMAccountName={login}))",
            id="objectGUID",
            mail="mail",
        )
    )
    for login in ("aexample", "anna@corp.example.org"):
        found = client.verify(login, PASSWORD)
        assert found is not None
        assert found.subject == "03020100-0504-0706-0809-0a0b0c0d0e0f"
        assert client.verify_again(found.subject, PASSWORD) == found
        assert client.verify_again(found.subject, "no") is None


def test_the_directorys_password_is_a_fresh_proof(gate: GateUnderTest) -> None:
    from sqlalchemy import update

    from portico.gate.models import SessionRow

    browser = gate.browser()
    browser.sign_in("anna", PASSWORD)
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    page = "/-/confirm?next=/-/sessions"
    assert browser.fill(page, password="no").status_code == 401
    assert browser.fill(page, password=PASSWORD).location == "/-/sessions"


def test_a_filter_that_finds_two_people_lets_nobody_in(server: LdapServer) -> None:
    client = DirectoryClient(directory(server, filter="(|(sn=Example)(uid={login}))"))
    assert client.verify("anna", PASSWORD) is None


def test_a_directory_that_is_down_is_told_and_local_passwords_still_work(
    tmp_path: Path, server: LdapServer
) -> None:
    """And nobody waits for it a second time."""
    import time

    from oidc_provider import free_port

    down = directory(server, url=f"ldap://127.0.0.1:{free_port()}")
    gate = GateUnderTest(make_site(tmp_path, sources=Sources(directory=down)))
    gate.person("dora@example.org")
    assert gate.browser().sign_in("dora@example.org", LOCAL).status_code == 302
    start = time.monotonic()
    for _ in range(3):
        answer = gate.browser().sign_in("anna", PASSWORD)
        assert answer.status_code == 503
        assert "gives no answer at the moment" in answer.text
    assert time.monotonic() - start < 2 * down.timeout  # on a busy machine too
    gate.close()


def test_a_directory_that_says_nothing_holds_the_gate_no_longer_than_its_limit(server: LdapServer) -> None:
    import socket
    import time

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = DirectoryClient(directory(server, url=f"ldap://127.0.0.1:{port}", timeout=1.0))
        start = time.monotonic()
        with pytest.raises(SilentError):
            client.verify("anna", PASSWORD)
        assert time.monotonic() - start < 3


def test_a_wrong_password_of_the_search_account_is_the_operators_affair(
    tmp_path: Path, server: LdapServer, caplog: pytest.LogCaptureFixture
) -> None:
    sources = Sources(directory=directory(server, password="wrong"))
    gate = GateUnderTest(make_site(tmp_path, sources=sources))
    answer = gate.browser().sign_in("anna", PASSWORD)
    assert answer.status_code == 503
    assert READER not in answer.text
    assert f"refuses {READER}" in caplog.text
    assert PASSWORD not in caplog.text
    gate.close()


def test_guessing_at_the_directory_is_slowed_down_as_well(gate: GateUnderTest) -> None:
    browser = gate.browser()
    codes = [browser.sign_in("anna", f"guess {number}").status_code for number in range(8)]
    assert codes[0] == 401
    assert codes[-1] == 429


def test_the_account_has_no_password_here(gate: GateUnderTest) -> None:
    gate.browser().sign_in("anna", PASSWORD)
    with gate.desk() as db:
        assert db.scalar(select(LinkedAccount.source)) == "ldap"
        assert db.scalar(select(Person.password)) is None

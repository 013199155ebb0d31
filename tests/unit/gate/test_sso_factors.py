"""A second factor that somebody gave at a provider: it counts where the site's owner says so, and as far as it is proven."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select, update

from conftest import missing
from factor_walks import add_app
from gate_client import Browser, GateUnderTest
from lying_provider import LyingProvider
from lying_provider import running as lying
from oidc_provider import ANNA, OidcProvider, missing_part, running
from portico.gate import clock
from portico.gate.models import AuditLine, SessionRow
from portico.site import FactorsThere
from portico.site.model import SecondFactor, SignIn
from sso_site import away_from, come, known_as, local, site_with

BEN = {"email": "ben@example.org", "email_verified": True, "name": "Ben"}
PROOFS = {
    "anna": {"amr": ["pwd", "otp", "mfa"], "acr": "two-factors"},
    "ben": {"amr": ["pwd"], "acr": "one-factor"},
}
REQUIRED = SignIn(second_factor=SecondFactor(required=True))
NEVER, BY_AMR, BY_ACR = FactorsThere(), FactorsThere(by_amr=True), FactorsThere(by_acr=("two-factors", "phr"))
STEP = "/-/second-step"


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """A provider at which anna uses two factors, and ben a password."""
    if part := missing_part():
        missing(part)
    with running(OidcProvider(accounts={"anna": ANNA, "ben": BEN}, proofs=PROOFS)) as one:
        yield one


def strict(folder: Path, provider: OidcProvider, second_factor: FactorsThere) -> GateUnderTest:
    """A gate that wants a second factor of everybody, and takes this provider's word for it so far."""
    return GateUnderTest(site_with(folder, known_as(provider, second_factor=second_factor), sign_in=REQUIRED))


@pytest.mark.parametrize(
    ("word", "login", "comes_in"),
    [
        (NEVER, "anna", False),
        (BY_AMR, "anna", True),
        (BY_AMR, "ben", False),
        (BY_ACR, "anna", True),
        (BY_ACR, "ben", False),
    ],
)
def test_two_factors_there_are_enough_where_the_site_says_so(
    tmp_path: Path, provider: OidcProvider, word: FactorsThere, login: str, comes_in: bool
) -> None:
    """Who used one there, or whose word does not count, sets a second one up here."""
    gate = strict(tmp_path, provider, word)
    browser = gate.browser()
    there = come(browser, provider, login).location
    assert there == ("/" if comes_in else STEP)
    assert (browser.check("sum").status_code == 204) == comes_in
    with gate.desk() as db:
        lines = db.scalars(select(AuditLine).where(AuditLine.action == "signed-in"))
        assert [line.detail["via"] for line in lines] == (
            ["sso.okta, second factor there"] if comes_in else []
        )
        assert list(db.scalars(select(SessionRow.strong).where(SessionRow.person_id.is_not(None)))) == (
            [True] if comes_in else []
        )
    gate.close()


def test_the_wanted_kinds_of_proof_are_asked_for(tmp_path: Path, provider: OidcProvider) -> None:
    for word, asked in ((BY_ACR, ["two-factors phr"]), (BY_AMR, None)):
        gate = strict(tmp_path / str(asked), provider, word)
        query = parse_qs(urlsplit(gate.browser().get("/-/sso/okta/start").location).query)
        assert query.get("acr_values") == asked
        gate.close()


def test_somebody_with_an_own_factor_is_not_asked_twice(tmp_path: Path, provider: OidcProvider) -> None:
    """Where the provider's word counts; else the factor of here is asked for, whatever was given there."""
    for word, there in ((BY_AMR, "/"), (NEVER, STEP)):
        gate = GateUnderTest(site_with(tmp_path / there.strip("/"), known_as(provider, second_factor=word)))
        browser = gate.browser()
        come(browser, provider)
        with gate.desk() as db:
            db.execute(update(SessionRow).values(proven_at=clock.now()))
            db.commit()
        add_app(browser)
        assert come(gate.browser(), provider).location == there
        gate.close()


class Liar:
    """A strict gate, and a provider that may say anything to it."""

    def __init__(self, folder: Path, provider: LyingProvider, word: FactorsThere) -> None:
        self.provider = provider
        self.gate = GateUnderTest(site_with(folder, known_as(provider, second_factor=word), sign_in=REQUIRED))

    def comes_in(self, **claims: object) -> bool:
        """Whether somebody with these claims is in without a second step."""
        browser = self.gate.browser()
        query = parse_qs(urlsplit(browser.get("/-/sso/okta/start").location).query)
        self.provider.id_token = self.provider.sign(self.provider.claims(query["nonce"][0], **claims))
        back = urlencode({"code": "x", "state": query["state"][0]})
        assert browser.get(f"/-/sso/okta/callback?{back}").status_code in (302, 403)
        return browser.check("sum").status_code == 204


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingProvider]:
    """A provider that runs as long as the test."""
    monkeypatch.setattr(LyingProvider, "name", "okta", raising=False)
    with lying() as provider:
        yield provider


def test_amr_counts_when_it_is_a_list_that_says_several_factors(tmp_path: Path, liar: LyingProvider) -> None:
    """Two methods are not two factors: a password and the answer to a question are both something one knows."""
    stand = Liar(tmp_path, liar, BY_AMR)
    for amr in (None, [], "mfa", "pwd mfa", {"mfa": True}, ["MFA"], [["mfa"]], ["pwd", "kba"], 7, True):
        assert not stand.comes_in(amr=amr, acr="two-factors"), amr
    assert stand.comes_in(amr=["mfa"])
    stand.gate.close()


def test_acr_counts_when_it_is_one_of_the_named_values_letter_for_letter(
    tmp_path: Path, liar: LyingProvider
) -> None:
    stand = Liar(tmp_path, liar, BY_ACR)
    for acr in (
        None,
        "",
        "one-factor",
        "two-factor",
        "TWO-FACTORS",
        "two-factors phr",
        ["two-factors"],
        2,
        {},
    ):
        assert not stand.comes_in(acr=acr, amr=["mfa"]), acr
    assert stand.comes_in(acr="phr")
    stand.gate.close()


def test_only_what_the_provider_has_signed_says_how_and_when_somebody_signed_in(
    tmp_path: Path, liar: LyingProvider
) -> None:
    """The userinfo answer may add an address and groups, and no proof."""
    liar.more = {"amr": ["mfa"], "acr": "two-factors", "auth_time": int(time.time()), "groups": ["sales"]}
    for word in (BY_AMR, BY_ACR):
        stand = Liar(tmp_path / str(word.by_amr), liar, word)
        assert not stand.comes_in()
        stand.gate.close()
    gate = GateUnderTest(site_with(tmp_path, known_as(liar)))
    browser = gate.browser()
    assert confirmed(gate, liar, browser) is True  # nobody has said when, and anna has no other proof
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    liar.description = {"claims_supported": ["auth_time"]}
    gate.close()
    gate = GateUnderTest(site_with(tmp_path / "tells", known_as(liar)))
    assert confirmed(gate, liar, gate.browser()) is False
    gate.close()


def confirmed(gate: GateUnderTest, liar: LyingProvider, browser: Browser) -> bool:
    """Whether anna, who comes in and goes there once more, has given a fresh proof."""
    query = parse_qs(urlsplit(browser.get("/-/sso/okta/start").location).query)
    for again in (False, True):
        if again:
            form = browser.hidden("/-/sign-in-accounts")
            away = away_from(browser.post("/-/sign-in-accounts/okta/confirm", form))
            query = parse_qs(urlsplit(away).query)
            assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
        liar.id_token = liar.sign(liar.claims(query["nonce"][0]))
        back = urlencode({"code": "x", "state": query["state"][0]})
        answer = browser.get(f"/-/sso/okta/callback?{back}")
    return answer.status_code == 302


def test_who_has_a_proof_here_does_not_confirm_by_a_provider_that_never_says_when(
    tmp_path: Path, liar: LyingProvider
) -> None:
    """At an open screen, such a provider sends anybody straight back: its session is as open as ours."""
    gate = GateUnderTest(site_with(tmp_path, known_as(liar)))
    browser = gate.browser()
    assert confirmed(gate, liar, browser)
    add_app(browser)
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    form = browser.hidden("/-/sign-in-accounts")
    query = parse_qs(urlsplit(away_from(browser.post("/-/sign-in-accounts/okta/confirm", form))).query)
    liar.id_token = liar.sign(liar.claims(query["nonce"][0]))
    back = urlencode({"code": "x", "state": query["state"][0]})
    assert browser.get(f"/-/sso/okta/callback?{back}").status_code == 403
    with gate.desk() as db:
        assert list(db.scalars(select(SessionRow.proven_at))) == [None]
    gate.close()


def test_a_fresh_sign_in_at_the_real_provider_says_when(tmp_path: Path, provider: OidcProvider) -> None:
    """It asks again though it knows the visitor, and signs the time; the site takes it as the proof."""
    gate = GateUnderTest(site_with(tmp_path, known_as(provider, second_factor=BY_ACR)))
    browser, visitor = gate.browser(), provider.visitor()
    browser.get(local(visitor.sign_in(browser.get("/-/sso/okta/start").location)))
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    form = browser.hidden("/-/sign-in-accounts")
    away = away_from(browser.post("/-/sign-in-accounts/okta/confirm", form))
    assert 'name="login"' in visitor.client.get(away, follow_redirects=True).text
    assert browser.get(local(visitor.sign_in(away))).status_code == 302
    assert "confirmed" in gate.audit()
    gate.close()

"""Every view of the gate says who may see it; one that says nothing is closed."""

from __future__ import annotations

import re

import pytest

from gate_client import GateUnderTest, make_app, make_site
from portico.gate.permissions import Permission, guard_of
from portico.site import Access

# The pages that strangers may see. A new one needs a reason here.
PUBLIC = {
    "static": "style and scripts",
    "entry.sign_in": "how else",
    "join.sign_up": "how else",
    "join.leaked_with": "a list that is no secret",
    "join.confirm": "the secret is in the link",
    "join.invitation": "the secret is in the link",
    "entry.sign_out": "a session that has ended must not end in an error",
    "links.forgot": "who has forgotten the password is not signed in",
    "links.first_run": "the secret is in the link",
    "links.reset": "the secret is in the link",
    "hand_over.enter": "the secret is in the ticket",
    "guests.share": "the secret is in the link",
    "guests.frame": "the secret is in the link",
    "guests.offer_frame": "asks for an API token by itself",
    "second_step.second_step": "for whoever has given the first proof in this browser and is not in yet",
    "second_step.by_passkey": "the same",
    "second_step.leave": "the same",
    "second_step.set_up": "the same",
    "second_step.authenticator": "the same",
    "second_step.new_passkey": "the same",
    "passkey_entry.sign_in": "how else",
    "passkey_entry.fresh_options": "what every sign-in page tells the browser",
    "sso.start": "how else",
    "sso.callback": "whoever comes back from a provider is not in yet",
    "sso.join": "the secret is in the link",
    "sso.by_proxy": "asks the proxy's header by itself",
    "sso.signed_out": "a provider sends people there after the end",
    "sso.logged_out": "asks for a provider's signature by itself",
    "portal.portal": "shows strangers the public apps only",
    "portal.home": "the portal",
    "portal.crashed": "log lines are for those who may read logs",
    "site.health": "for load balancers",
    "site.jwks": "public keys are public",
    "api.openapi": "what every Portico has, and nothing about this site",
}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> GateUnderTest:
    """A gate without people."""
    return GateUnderTest(
        make_site(tmp_path_factory.mktemp("site"), make_app("sales", Access(signed_in=True)))
    )


def test_every_view_says_who_may_see_it(gate: GateUnderTest) -> None:
    """`@requires(Permission.X)`, or `@public` and a line in the table above."""
    for rule in gate.app.url_map.iter_rules():
        guard = guard_of(gate.app.view_functions[rule.endpoint])
        assert guard is not None, f"{rule.endpoint} has neither @requires nor @public"
        if guard == "public":
            assert rule.endpoint in PUBLIC or rule.endpoint.startswith("site.old_"), rule.endpoint
        else:
            assert isinstance(guard, Permission)


def test_the_table_names_only_views_that_exist(gate: GateUnderTest) -> None:
    """And only public ones."""
    views = gate.app.view_functions
    assert {name for name in PUBLIC if name not in views or guard_of(views[name]) != "public"} == set()


def test_a_view_without_a_guard_is_closed_to_everybody(gate: GateUnderTest) -> None:
    """Forgetting the decorator closes the page; it does not open it."""
    gate.app.add_url_rule("/-/forgotten", "forgotten", lambda: "open")
    try:
        gate.person("root@example.org", "admin")
        browser = gate.browser()
        browser.sign_in("root@example.org")
        assert browser.get("/-/forgotten").status_code == 403
        assert gate.browser().get("/-/forgotten").status_code == 403
    finally:
        gate.app.view_functions["forgotten"] = gate.app.view_functions["site.health"]


def test_every_closed_view_sends_strangers_away(gate: GateUnderTest) -> None:
    """People to the sign-in with the way back, programs to a 401; the API has only programs."""
    closed = [
        rule
        for rule in gate.app.url_map.iter_rules()
        if isinstance(guard_of(gate.app.view_functions[rule.endpoint]), Permission) and "GET" in rule.methods
    ]
    assert closed
    for rule in closed:
        path = re.sub(r"<[^>]*>", "x", re.sub(r"<int:[^>]*>", "1", rule.rule))
        program = gate.browser().get(path, headers={"Accept": "application/json"})
        assert program.status_code == 401
        if rule.endpoint.startswith("api."):
            assert program.mimetype == "application/problem+json"
            assert gate.browser().get(path).status_code == 401
            continue
        assert gate.browser().get(path).location == f"/-/sign-in?{path}"
        assert program.json["error"] == "sign-in-required"

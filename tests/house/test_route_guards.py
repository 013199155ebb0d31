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
    "entry.sign_up": "how else",
    "entry.sign_out": "a session that has ended must not end in an error",
    "entry.forgot": "who has forgotten the password is not signed in",
    "links.first_run": "the secret is in the link",
    "links.reset": "the secret is in the link",
    "hand_over.enter": "the secret is in the ticket",
    "portal.portal": "shows strangers the public apps only",
    "portal.home": "the portal",
    "portal.crashed": "log lines are for those who may read logs",
    "site.health": "for load balancers",
    "site.jwks": "public keys are public",
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
    """People to the sign-in with the way back, programs to a 401."""
    closed = [
        rule
        for rule in gate.app.url_map.iter_rules()
        if isinstance(guard_of(gate.app.view_functions[rule.endpoint]), Permission)
    ]
    assert closed
    for rule in closed:
        path = re.sub(r"<[^>]*>", "x", rule.rule)
        assert gate.browser().get(path).location == f"/-/sign-in?{path}"
        program = gate.browser().get(path, headers={"Accept": "application/json"})
        assert program.status_code == 401
        assert program.json["error"] == "sign-in-required"

"""The links that the gate hands out are secrets: the outer nginx writes none of them down."""

from __future__ import annotations

import re
from pathlib import Path

from gate_client import GateUnderTest, make_site

TEMPLATE = Path(__file__).parents[2] / "nginx/templates/log.conf.template"
SECRET = "s3cret" + 37 * "x"
OTHERS = (
    f"/-/enter?ticket={SECRET}",
    f"/-/sso/okta/callback?code={SECRET}&state=x",
    f"/-/sign-in?/-/verify/{SECRET}",
)


def test_no_link_of_the_gate_is_written_into_the_log(tmp_path: Path) -> None:
    """Every address of the gate that takes a token, and those whose query carries one."""
    gate = GateUnderTest(make_site(tmp_path))
    try:
        rules = [rule.rule for rule in gate.app.url_map.iter_rules() if "<token>" in rule.rule]
    finally:
        gate.close()
    addresses = [re.sub("<[^>]+>", "x", rule.replace("<token>", SECRET)) for rule in rules]
    assert len(addresses) >= 8
    for address in (*addresses, *OTHERS):
        assert "s3cret" not in logged(address), address
    assert logged("/sales/?x=1") == "/sales/?x=1"


def logged(address: str) -> str:
    """What the map of the template makes of an address."""
    table = re.search(r"map \$request_uri \$portico_logged_uri \{(.*?)\n\}", TEMPLATE.read_text(), re.DOTALL)
    assert table
    for pattern, group in re.findall(r'^ +"~(.*)" "\$(\w+)\*\*\*";$', table[1], re.MULTILINE):
        if found := re.search(pattern.replace("(?<portico", "(?P<portico"), address):
            return f"{found[group]}***"
    return address

"""Where `next` may lead: into this site, or to the portal."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate_client import make_app, make_site
from portico.gate.origins import safe_next
from portico.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with an app on its own host and one on its own port."""
    return make_site(
        tmp_path,
        make_app("sales", host="sales.example.com"),
        make_app("sum", port=5000),
        url="https://apps.example.com",
    )


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/sales",
        "/sales/page?x=1&y=%2F%2Fevil.example",
        "/sales/a%20b",
        "/sales?next=https://evil.example/",
        "/a//b",
        "https://apps.example.com",
        "https://apps.example.com/",
        "https://apps.example.com/sales?x#y",
        "https://sales.example.com/page?x=1",
        "https://apps.example.com:5000/",
    ],
)
def test_a_place_in_the_site_is_kept_as_it_is(site: Site, target: str) -> None:
    """Paths and the declared origins, letter by letter."""
    assert safe_next(site, target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "sales",
        "evil.example",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: x=y",
        "\t//evil.example",
        " //evil.example",
        " /sales",
        "/sales\x00",
        "/sal es",
        "/caf\u00e9",
        "\uff0f\uff0fevil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https://evil.example",
        "https://evil.example/https://apps.example.com/",
        "https://apps.example.com.evil.example/",
        "https://apps.example.com@evil.example/",
        "https://anna@apps.example.com/",
        "https://anna:secret@apps.example.com/",
        "https://apps.example.com:443@evil.example/",
        "https://apps.example.com:8443/",
        "https://apps.example.com:/",
        "https://APPS.example.com\\.evil.example/",
        "https://apps.example.com%2eevil.example/",
        "https://apps.example.com;evil.example/",
        "https://[::1]/",
        "https://[apps.example.com/",
        "http://apps.example.com/",
        "http://sales.example.com/",
        "ftp://apps.example.com/",
        "javascript:alert(1)",
        "JavaScript://apps.example.com/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "?x=1",
        "#x",
        "./sales",
        "../sales",
        "/" + "x" * 5000,
    ],
)
def test_everything_that_a_browser_might_take_elsewhere_leads_to_the_portal(
    site: Site, target: str | None
) -> None:
    """Other hosts in every disguise, other schemes, user names, control characters, white space."""
    assert safe_next(site, target) == "/"

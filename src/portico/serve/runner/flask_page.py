"""The pages of a Flask app that opens WebSockets: the same script as in a Dash page.

A page may ask for "/api" as if its app stood at the root: the request says which page asks, and the front finds the
app. The request that opens a WebSocket says nothing of the kind. So the address is put right in the browser.
"""

from __future__ import annotations

import os
import re
from typing import Any

from portico.serve.runner.dash_page import Page

PLACES = (re.compile(r"<head\b[^>]*>()", re.IGNORECASE), re.compile(r"()<script\b", re.IGNORECASE))


def add_script(app: Any, prefix: str, site_url: str) -> None:
    """From now on every whole HTML page of this Flask app has Portico's script in it, before all others."""
    others = os.environ.get("PORTICO_PREFIXES", "").split()
    page = Page(site_url, prefix, "", tuple(other for other in others if other != prefix))

    def with_page_script(response: Any) -> Any:
        plain = response.mimetype == "text/html" and "Content-Encoding" not in response.headers
        if plain and not response.is_streamed and not response.direct_passthrough:
            response.set_data(with_script(response.get_data(as_text=True), page.script))
        return response

    app.after_request(with_page_script)


def with_script(html: str, script: str) -> str:
    """The page with the script as the first thing in its head; without a head before its first script."""
    found = next((match for place in PLACES if (match := place.search(html))), None)
    return html if found is None else html[: found.end(1)] + script + html[found.end(1) :]

"""The gate: accounts, sign-in, sessions, policy, portal. It alone opens the site's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portico.site import Site

__all__ = ["create_gate", "prepare"]


def create_gate(site: Site | None = None) -> Flask:
    """The gate as a Flask app, of this site or of the one that PORTICO_SITE_JSON names."""
    from portico.gate.app import create_gate as create

    return create(site)


def prepare(site: Site | None = None) -> dict[str, list[str]]:
    """Bring database and secrets up to date, once, before the first worker; {"notes": lines for a person}."""
    from portico.gate.preparation import prepare as run

    return run(site)

"""What is allowed in a site file and yet does not do what one might think: warnings of `portico check`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from portico.site.addresses import host_of, is_loopback
from portico.site.model import App, RunKind, SignUp, Site
from portico.site.path_rules import narrowed
from portico.site.problems import Wrong
from portico.site.source import Source, Unreadable
from portico.site.sources import Joins
from portico.site.targets import file_of_module

FOR_EVERYBODY = ("accounts.google.com", "appleid.apple.com", "gitlab.com", "www.linkedin.com")
CALLBACKS = ("/_dash-update-component", "/_dash-ws-callback")


def cautions(site: Site) -> tuple[str, ...]:
    """One line for each; empty when there is nothing to say."""
    found = [line for app in site.apps for line in (*_dash_paths(app), *_frames(site, app))]
    return (*open_without_mail(site), *_database(site), *_open_providers(site), *found)


def open_without_mail(site: Site) -> tuple[str, ...]:
    """Where an account is made at once, whoever signs in with it afterwards knows that it was new."""
    if site.sign_up is not SignUp.OPEN or site.mail.url or is_loopback(host_of(site.url)):
        return ()
    return (
        'site.sign_up: "open" without mail lets strangers find out who has an account, and make one with '
        'somebody else\'s address. Set PORTICO_MAIL_URL, or say "ask" or "invite"',
    )


def _open_providers(site: Site) -> list[str]:
    """Where everybody may have an account, an address there says little about who somebody is here."""
    return [
        f"sso.{one.name}: everybody may have an account at {one.issuer}, and this line lets its people be whom you have "
        f"made: {said}"
        for one in site.sources.providers
        if host_of(one.issuer) in FOR_EVERYBODY
        for said, risky in (
            ('joins = "unused"', one.joins is not Joins.ASKED),
            ("trusts_addresses = true", one.trusts_addresses is True),
        )
        if risky
    ]


def _database(site: Site) -> list[str]:
    """PostgreSQL's client takes a connection that is not encrypted where the URL does not forbid it."""
    url = urlsplit(site.database_url)
    host = url.hostname or ""
    if not site.may_have_copies or not host or is_loopback(host):
        return []
    if parse_qs(url.query).get("sslmode", [""])[-1] in ("require", "verify-ca", "verify-full"):
        return []
    return [
        f"the database at {host}: its URL lets the connection go unencrypted. Add ?sslmode=verify-full "
        "(or sslmode=require where nobody vouches for its certificate), unless the network is yours alone"
    ]


def _dash_paths(app: App) -> list[str]:
    """Dash moves between pages in the browser and computes all of them behind one address."""
    if not narrowed(app.paths) or not _is_dash(app):
        return []
    return [
        f"apps.{app.name}.paths: this is a Dash app. Its pages and callbacks are all answered at "
        f"{CALLBACKS[0]}, which no rule for a page covers: whoever may enter the app can ask for what the page "
        "shows. Check current_user in the callbacks, or make the guarded part an app of its own"
    ]


def _frames(site: Site, app: App) -> list[str]:
    """A frame in another site's page needs a cookie that browsers take over https alone."""
    if not app.frame_ancestors or site.secure or is_loopback(host_of(site.url)):
        return []
    return [
        f"apps.{app.name}.frame_ancestors: browsers keep no cookie for a frame without https; "
        f"{site.url} works in a frame only when the app is public"
    ]


def _is_dash(app: App) -> bool:
    """Whether the file that is served speaks of Dash at all. No app is imported."""
    try:
        if app.run.kind is RunKind.FILE:
            file: Path | None = Path(app.run.target)
        elif app.run.kind is RunKind.OBJECT:
            file = file_of_module(app.run.target.partition(":")[0], app)
        else:
            file = next((app.folder / word for word in app.run.argv if word.endswith(".py")), None)
        source = Source.read(file) if file else None
    except (Unreadable, Wrong, OSError):
        return False
    meanings = source.aliases.values() if source else ()
    return any(meaning == "dash" or meaning.startswith("dash.") for meaning in meanings)

"""What is allowed in a site file and yet does not do what one might think: warnings of `portico check`."""

from __future__ import annotations

from pathlib import Path

from portico.site.addresses import host_of, is_loopback
from portico.site.model import App, RunKind, Site
from portico.site.path_rules import narrowed
from portico.site.problems import Wrong
from portico.site.source import Source, Unreadable
from portico.site.targets import file_of_module

CALLBACKS = ("/_dash-update-component", "/_dash-ws-callback")


def cautions(site: Site) -> tuple[str, ...]:
    """One line for each; empty when there is nothing to say."""
    found = [line for app in site.apps for line in (*_dash_paths(app), *_frames(site, app))]
    return tuple(found)


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

"""Apps: how they are doing, what they wrote, and a restart."""

from __future__ import annotations

from portico.gate.admin import app_actions
from portico.gate.admin.app_pages import PATIENCE, state, supervisor
from portico.gate.api.asked import me
from portico.gate.api.operations import operation
from portico.gate.api.problems import RefusedError
from portico.gate.api.shapes import (
    AccessShape,
    AppShape,
    DoingShape,
    List,
    LogLineShape,
    LogSearch,
    Restarted,
)
from portico.gate.permissions import Permission
from portico.gate.portal.views import address
from portico.gate.state import gate
from portico.gate.supervisor import SiteState
from portico.site import App


def found(name: str) -> App:
    """The app of this name; RefusedError (404) when there is none."""
    try:
        return gate().site.app(name)
    except KeyError:
        raise RefusedError(404, "The site has no such app.") from None


def shape(app: App, now: SiteState | None) -> AppShape:
    """An app as the API gives it."""
    access, at = app.access, address(gate().site, app)
    return AppShape(
        name=app.name,
        title=app.title,
        description=app.description,
        address=at if "://" in at else gate().site.url + at,
        access=AccessShape(access.public, access.signed_in, sorted(access.roles), sorted(access.people)),
        doing=_doing(app.name, now),
    )


def _doing(name: str, now: SiteState | None) -> DoingShape | None:
    one = now.apps.get(name) if now else None
    if now is None or one is None:
        return None
    return DoingShape(
        host=now.host,
        state=one.state,
        seconds=one.uptime,
        workers=one.workers,
        memory=one.memory,
        requests=one.requests,
        restarts=one.restarts,
        fault=one.fault,
    )


@operation("GET", "/apps", Permission.MANAGE_APPS)
def list_apps() -> List[AppShape]:
    """The site's apps, in its order."""
    now = state()
    return List([shape(app, now) for app in gate().site.apps], None)


@operation("GET", "/apps/{name}", Permission.MANAGE_APPS)
def get_app(name: str) -> AppShape:
    """One app."""
    return shape(found(name), state())


@operation("GET", "/apps/{name}/log", Permission.READ_LOGS, errors=(503,))
def read_log(name: str, query: LogSearch) -> List[LogLineShape]:
    """The last lines of an app's log, the newest last."""
    lines = supervisor().log(found(name).name, query.lines)
    return List([LogLineShape(line.at, line.text) for line in lines], None)


@operation("POST", "/apps/{name}/restart", Permission.MANAGE_APPS, errors=(503,))
def restart_app(name: str) -> Restarted:
    """Replace the app's workers without losing a request, on the host that answers.

    422: the new workers did not start; the old ones go on serving.
    """
    return Restarted(app_actions.restart(gate().db, me(), supervisor(), found(name).name, PATIENCE))

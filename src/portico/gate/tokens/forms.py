"""The forms in which a token is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portico.gate.admin.forms import TicksField
from portico.gate.tokens import actions, scopes
from portico.site import App, Site

DAYS = (7, 30, 90, 365)


class NewTokenForm(FlaskForm):  # type: ignore[misc]
    """What a token is for and how long it lasts."""

    name = StringField(
        "Name",
        [InputRequired("Say what the token is for."), Length(max=actions.NAME_LENGTH)],
        description="What it is for, like “nightly export”.",
        render_kw={"autocomplete": "off"},
    )
    apps = TicksField("Apps")
    api = RadioField(
        "The site’s API",
        choices=[("", "Not at all"), (scopes.API_READ, "Read only"), (scopes.API, "Read and change")],
        default="",
    )
    lasts = SelectField("Lasts", default="30")

    def __init__(self, site: Site, apps: Iterable[App], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.apps.choices = [
            (scopes.EVERY_APP, "All apps, also later ones"),
            *((f"{scopes.APP}{app.name}", app.title) for app in apps if not app.asks_nobody),
        ]
        longest = int(site.tokens.longest // 86400)
        offered = [days for days in DAYS if days <= longest] or [longest]
        self.lasts.choices = [(str(days), "1 day" if days == 1 else f"{days} days") for days in offered]
        if not self.is_submitted() and "30" not in {key for key, _ in self.lasts.choices}:
            self.lasts.data = str(offered[-1])

    @property
    def scopes(self) -> list[str]:
        """What was ticked."""
        return [*(self.apps.data or ()), *([self.api.data] if self.api.data else ())]

    @property
    def duration(self) -> timedelta:
        """How long it is to last."""
        return timedelta(days=int(self.lasts.data))


class NewServiceTokenForm(NewTokenForm):
    """The same for a service, with the roles that it has."""

    roles = TicksField("Roles")
    embed = TicksField("Embedding")

    def __init__(self, site: Site, roles: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(site, site.apps, *args, **kwargs)
        self.roles.choices = [(name, name) for name in roles]
        self.embed.choices = [
            (f"{scopes.EMBED}{app.name}", app.title) for app in site.apps if app.frame_ancestors
        ]

    @property
    def scopes(self) -> list[str]:
        """What was ticked."""
        return [*super().scopes, *(self.embed.data or ())]

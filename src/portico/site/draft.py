"""The portico.toml that `portico init` writes: the apps it found, and as comments what one wants next."""

from __future__ import annotations

import json
from collections.abc import Iterable

from portico.site.discovery import Found

_HEAD = """\
# What `portico serve` serves. Every setting has a default; `portico check` tests this file.

[site]
name = {name}
# url = "https://apps.example.com"    # the public address; without it http://localhost:8000
# sign_up = "invite"                  # who may make an account: open, invite or closed

# [roles]
# analyst = "Reads every report"      # a role to name in access
"""

_HINTS = """\
# access = "signed-in"                # or "public", a role, or a list of roles and mail addresses
# sleep_after = "15m"                 # stop when idle; the next request wakes it
"""


def draft(name: str, apps: Iterable[Found]) -> str:
    """The text of a site file with these apps; the first one shows what else can be set."""
    parts = [_HEAD.format(name=_quoted(name))]
    for number, app in enumerate(apps):
        settings = {"run": app.run, "folder": app.folder, "path": app.path}
        lines = [f"{key} = {_quoted(value)}" for key, value in settings.items() if value is not None]
        hints = _HINTS if number == 0 else ""
        heading = f"[apps.{app.name}]"
        parts.append(f"{heading:<37} # {app.kind}: {app.where}\n" + "\n".join(lines) + f"\n{hints}")
    return "\n".join(parts)


def _quoted(text: str) -> str:
    """The text as a TOML string; JSON's escapes are TOML's, but for the DEL character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

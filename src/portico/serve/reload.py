"""What is different between two readings of portico.toml, as far as the running processes care. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portico.serve.launch import Launch
from portico.site.model import Run, RunKind, Site

NOTHING = "nothing changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """The apps to start, to stop, and to give new workers; whether the front has to see a new site, and the gate."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    site: bool
    gate: bool

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.site)

    def as_text(self) -> str:
        """For a person: "added sales; changed sum"."""
        parts = [
            f"{word} {', '.join(names)}"
            for word, names in (("added", self.added), ("removed", self.removed), ("changed", self.changed))
            if names
        ]
        if self.site and not parts:
            parts.append("changed the site's settings")
        return "; ".join(parts) or NOTHING


def difference(
    before: Mapping[str, Launch], after: Mapping[str, Launch], *, old: Site, new: Site
) -> Difference:
    """What to do to come from the launches and site `before` to those `after`."""
    return Difference(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        site=old != new,
        gate=_seen_by_the_gate(old) != _seen_by_the_gate(new),
    )


def _seen_by_the_gate(site: Site) -> Site:
    """The site without what the gate has no use for: how its apps are run."""
    run, nowhere = Run(RunKind.FILE, ""), Path()
    apps = (
        replace(
            app,
            run=run,
            folder=nowhere,
            workers=1,
            threads=1,
            sleep_after=None,
            start_timeout=0,
            request_timeout=0,
            max_body=0,
            python=None,
            environment=(),
        )
        for app in site.apps
    )
    return replace(site, check_cache=0, apps=tuple(apps))

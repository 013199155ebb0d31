"""What is different between two readings of portico.toml, as far as the running processes care. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portico.serve.launch import Launch
from portico.site.model import Site


@dataclass(frozen=True, slots=True)
class Difference:
    """The apps to start, to stop, and to give new workers; and whether the gate must see a new site."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    site: bool

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
        return "; ".join(parts) or "nothing changed"


def difference(
    before: Mapping[str, Launch], after: Mapping[str, Launch], *, old: Site, new: Site
) -> Difference:
    """What to do to come from the launches and site `before` to those `after`."""
    return Difference(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        site=old != new,
    )

"""What another place says about somebody who has signed in there."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Statement:
    """Who it is, there: `issuer` and `subject` for ever, the rest for now.

    `source` is how portico.toml names the place, `title` what people call it. `sid` is the provider's name for its
    session, `id_token` what it wants to see when that is to end; `proven_at` when the person last showed there who they
    are, in seconds since 1970; `several_factors` that they used more than one, and the site takes the place's word for it.
    """

    source: str
    title: str
    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    groups: tuple[str, ...] = ()
    sid: str | None = None
    id_token: str | None = field(default=None, repr=False)
    proven_at: float | None = None
    several_factors: bool = False

    def as_json(self) -> dict[str, Any]:
        """The statement as it can be kept for some minutes."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Statement:
        """The statement that `as_json` gave."""
        return cls(**kept | {"groups": tuple(kept["groups"])})

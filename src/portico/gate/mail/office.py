"""What it takes to write mail for a site: its name and URL, and the key under which the outbox is kept."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

from portico.gate import secrets
from portico.site import Site
from portico.site.addresses import host_of
from portico.site.mail import MAILBOX

_INFO = "portico.post_office"


class UnreadableError(ValueError):
    """The text was sealed with keys that the site no longer has."""


def configured(site: Site) -> bool:
    """Whether the site sends mail."""
    return site.mail.url is not None


class PostOffice:
    """Seals what goes into the outbox and opens it again. The keys are read at first use, and again when they are new."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._keys: MultiFernet | None = None

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        return self.site.mail.sender or f"noreply@{host_of(self.site.url)}"

    @property
    def keeps(self) -> bool:
        """Whether mails stay in the outbox, to be read at /-/mailbox, instead of being sent."""
        return self.site.mail.url == MAILBOX

    def seal(self, content: dict[str, Any]) -> str:
        """The content as text that only this site can read."""
        return self._box().encrypt(json.dumps(content).encode()).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """The content of what `seal` gave; UnreadableError when its key is gone."""
        for attempt in (1, 2):
            try:
                content: dict[str, Any] = json.loads(self._box().decrypt(sealed.encode()))
            except InvalidToken:
                if attempt == 2:
                    raise UnreadableError from None
                self._keys = None  # `portico secrets rotate` may have run since
            else:
                return content
        raise AssertionError

    def _box(self) -> MultiFernet:
        if self._keys is None:
            keys = secrets.ensure(self.site).session_keys
            self._keys = MultiFernet([Fernet(_derived(key)) for key in keys])
        return self._keys


def attach(info: dict[Any, Any], office: PostOffice) -> dict[Any, Any]:
    """Give sessions with this `info` a post office."""
    info[_INFO] = office
    return info


def office_of(db: Session) -> PostOffice | None:
    """The post office of this database session; None: it sends no mail."""
    office = db.info.get(_INFO)
    return office if isinstance(office, PostOffice) else None


def _derived(key: str) -> bytes:
    raw = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"portico outbox").derive(key.encode())
    return base64.urlsafe_b64encode(raw)

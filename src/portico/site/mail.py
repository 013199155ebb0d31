"""The mail server of a site, as one URL: smtp://name:password@mail.example.org:587."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

from portico.site import addresses
from portico.site.problems import Wrong, shown

MAILBOX = "mailbox:"  # `portico dev` without a mail server: mails are kept and shown at /-/mailbox
_EXAMPLE = '"smtp://name:password@mail.example.org:587"'


class Encryption(StrEnum):
    """How the connection to the mail server is kept from others."""

    STARTTLS = "smtp"  # begins in the clear, is encrypted before anything is said
    TLS = "smtps"  # from the first byte
    NONE = "smtp+plain"


_PORTS = {Encryption.STARTTLS: 587, Encryption.TLS: 465, Encryption.NONE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `ca_file` holds the certificates to trust instead of the system's."""

    host: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """How the site sends mail: the server's URL (None: it sends none; MAILBOX: it keeps them), and the sender."""

    url: str | None = field(default=None, repr=False)  # may hold a password
    sender: str | None = None


def server_url(text: str) -> str:
    """The URL when it names a mail server. Messages leave the URL out: it may hold a password."""
    server_of(text)
    return text.strip()


def server_of(text: str) -> MailServer:
    """The server that a URL names; Wrong when it names none."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise Wrong(f"not a mail server; write it like {_EXAMPLE}") from None
    try:
        encryption = Encryption(parts.scheme)
    except ValueError:
        raise Wrong(
            "a mail server's URL begins with smtp:// (STARTTLS), smtps:// (TLS) or smtp+plain://"
            + (f", not {shown(parts.scheme)}" if parts.scheme else "")
        ) from None
    if not parts.hostname or parts.path.strip("/"):
        raise Wrong(f"not a mail server; write it like {_EXAMPLE}")
    name = parts.hostname if ":" in parts.hostname else addresses.host(parts.hostname, address_allowed=True)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if encryption is Encryption.NONE and user and not addresses.is_loopback(name):
        raise Wrong("a password would go over the network in the clear; use smtp:// or smtps://")
    return MailServer(name, port or _PORTS[encryption], encryption, user, password, _ca_file(parts.query))


def sender(text: str) -> str:
    """The address that mails come from."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return str(
            validate_email(text.strip(), check_deliverability=False, globally_deliverable=False).normalized
        )
    except EmailNotValidError:
        raise Wrong(f'not a mail address: {shown(text)}; write it like "apps@example.org"') from None


def holds_password(url: object) -> bool:
    """Whether a value from a site file has a password in it, which belongs to the place and not into the file."""
    try:
        return isinstance(url, str) and urlsplit(url).password is not None
    except ValueError:
        return False


def _ca_file(query: str) -> str | None:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name != "ca":
            raise Wrong(
                f"unknown option {shown(name)} of a mail server; there is ca=/path/to/certificates.pem"
            )
    return options.get("ca")

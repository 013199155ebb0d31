"""Handing mail to a mail server: STARTTLS or TLS with its certificate checked, a name and a password."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING

from portico.site import addresses
from portico.site.mail import Encryption, MailServer

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SECONDS = 20  # for each step of the conversation
TO_TAKE_IT = 180  # for the answer to the whole mail: who gives up on it sends the mail twice (RFC 1047)


class RefusedError(Exception):
    """The server will not take this mail, now or ever."""


@contextmanager
def connection(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A conversation with the server, encrypted and signed in as its URL says. OSError or SMTPException otherwise."""
    smtp = _open(server)
    try:
        if server.user:
            smtp.login(server.user, server.password)
        yield smtp
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


class _Plain(smtplib.SMTP):
    """As SMTP, or STARTTLS; waits longer for the answer to a whole mail than for any other."""

    def data(self, msg: ReadableBuffer | str) -> tuple[int, bytes]:
        """Hand in the content."""
        with _patience(self):
            return super().data(msg)


class _Encrypted(smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def data(self, msg: ReadableBuffer | str) -> tuple[int, bytes]:
        """Hand in the content."""
        with _patience(self):
            return super().data(msg)


@contextmanager
def _patience(smtp: smtplib.SMTP) -> Iterator[None]:
    if smtp.sock is not None:
        smtp.sock.settimeout(TO_TAKE_IT)
    try:
        yield
    finally:
        if smtp.sock is not None:
            smtp.sock.settimeout(SECONDS)


def send(smtp: smtplib.SMTP, mail: EmailMessage, seconds: float) -> None:
    """Hand in one mail within this time. RefusedError: for good; OSError or SMTPException: try again later."""
    end = threading.Timer(seconds, _hang_up, [smtp])
    end.daemon = True
    end.start()
    try:
        smtp.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()))
        _refused(code, reason, error)
    except smtplib.SMTPResponseException as error:  # of the sender or of the content
        _refused(error.smtp_code, error.smtp_error, error)
    finally:
        end.cancel()


def _hang_up(smtp: smtplib.SMTP) -> None:
    """End a conversation from outside, however the server draws it out."""
    if smtp.sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(
                smtp.sock, socket.SHUT_RDWR
            )  # TLS has its own, not made for another thread


def reason(error: Exception) -> str:
    """What went wrong, in one line that holds no secret."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server does not take the name and password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return f"{code} {_text(said)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate: {error.verify_message}"
    return " ".join(str(error).split()) or type(error).__name__


def _open(server: MailServer) -> smtplib.SMTP:
    if server.encryption is Encryption.TLS:
        return _Encrypted(server.host, server.port, timeout=SECONDS, context=_context(server))
    smtp = _Plain(server.host, server.port, timeout=SECONDS)
    try:
        if server.encryption is Encryption.STARTTLS and _encrypts(smtp, server):
            smtp.starttls(context=_context(server))
    except BaseException:
        smtp.close()
        raise
    return smtp


def _encrypts(smtp: smtplib.SMTP, server: MailServer) -> bool:
    """Whether to begin TLS: always, but for a server on this machine that does not offer it.

    Somebody on the way could take the offer away; then `starttls` raises, and nothing is said in the clear.
    """
    smtp.ehlo_or_helo_if_needed()
    return smtp.has_extn("starttls") or not addresses.is_loopback(server.host)


def _context(server: MailServer) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _refused(code: int, said: bytes | str, error: Exception) -> None:
    if 500 <= code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError):
        raise RefusedError(f"{code} {_text(said)}") from error
    raise error


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]

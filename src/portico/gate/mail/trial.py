"""One mail, sent at once, to find out whether the site can send any."""

from __future__ import annotations

import smtplib

from portico.errors import UserError
from portico.gate import clock
from portico.gate.accounts import addresses
from portico.gate.mail import smtp
from portico.gate.mail.letters import compose, message
from portico.gate.mail.office import PostOffice
from portico.site import Site
from portico.site.addresses import host_of
from portico.site.mail import server_of


def send_trial(site: Site, to: str) -> str:
    """Send the mail "test" to this address; returns host and port of the server that took it. UserError: why not."""
    if site.mail.url is None:
        raise UserError(
            "the site sends no mail: PORTICO_MAIL_URL is not set, and portico.toml has no [mail] url"
        )
    server, office, now = server_of(site.mail.url), PostOffice(site), clock.now()
    where = f"{server.host}:{server.port}"
    mail = message(
        compose(site, addresses.normalise(to), "test", {}),
        sender=office.sender,
        sender_name=site.name,
        message_id=f"<test.{now:%Y%m%d%H%M%S}@{host_of(site.url)}>",
        date=now,
    )
    try:
        with smtp.connection(server) as conversation:
            smtp.send(conversation, mail, smtp.SECONDS * 3)
    except smtp.RefusedError as refused:
        raise UserError(f"mail server {where} refuses the mail: {refused}") from refused
    except (OSError, smtplib.SMTPException) as error:
        raise UserError(f"mail server {where}: {smtp.reason(error)}") from error
    return where

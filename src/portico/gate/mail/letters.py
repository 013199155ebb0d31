"""Letters: what a template says, as text for every reader and as HTML that follows from the text.

A template is `templates/mail/<name>.txt`: a line "Subject: ...", an empty line, paragraphs with empty lines between
them. A paragraph that is nothing but a link becomes a button in the HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from portico.site import Site

_LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail before it has a stamp: to whom, about what, and what it says."""

    to: str
    subject: str
    text: str


def compose(site: Site, to: str, template: str, values: dict[str, Any]) -> Letter:
    """The letter that a template makes of these values; the site is always among them."""
    whole = _environment().get_template(f"{template}.txt").render(site=site, **values)
    first, _, text = whole.lstrip().partition("\n")
    label, _, subject = first.partition(":")
    if label != "Subject":
        raise ValueError(f'templates/mail/{template}.txt does not begin with "Subject:"')
    return Letter(to, _one_line(subject)[:_LONGEST_SUBJECT], text.strip() + "\n")


def message(
    letter: Letter, *, sender: str, sender_name: str, message_id: str, date: datetime
) -> EmailMessage:
    """The letter as a mail. The same letter has the same Message-ID however often it is tried."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(_one_line(sender_name), addr_spec=sender)
    mail["To"] = Address(addr_spec=letter.to)
    mail["Subject"] = letter.subject
    mail["Date"] = date
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(as_html(letter), subtype="html", cte="quoted-printable")
    return mail


def as_html(letter: Letter) -> str:
    """The letter's text as HTML."""
    paragraphs = [part.strip() for part in letter.text.split("\n\n") if part.strip()]
    return (
        _environment()
        .get_template("_letter.html")
        .render(subject=letter.subject, paragraphs=[_paragraph(part) for part in paragraphs])
    )


def _paragraph(text: str) -> Markup:
    if text.startswith(("http://", "https://")) and not any(letter.isspace() for letter in text):
        return Markup(
            '<a href="{0}" style="display:inline-block;padding:10px 18px;border-radius:8px;background:#7a2a4f;'
            'color:#ffffff;text-decoration:none;font-weight:600">Open the link</a><br>'
            '<span style="font-size:13px;color:#5b5766;word-break:break-all">{0}</span>'
        ).format(text)
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def _one_line(text: str) -> str:
    """The text without line breaks and other control characters: a header is one line."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("portico.gate", "templates/mail"),
        autoescape=lambda name: bool(name and name.endswith(".html")),  # noqa: S701  text is text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

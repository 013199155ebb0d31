"""The forms of the second factor."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portico.gate.factors.actions import NAME

DIGITS = {
    "inputmode": "numeric",
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
    "maxlength": "12",
}


class CodeForm(FlaskForm):  # type: ignore[misc]
    """A code of an authenticator app, or a recovery code, and whether to remember the device."""

    code = StringField("Code", [InputRequired("Enter the code."), Length(max=100)])
    remember_device = BooleanField("Do not ask for it on this device again")


class PasskeyForm(FlaskForm):  # type: ignore[misc]
    """The answer of a passkey, which the page's script fills in."""

    credential = HiddenField()
    remember = HiddenField()
    remember_device = BooleanField()


class NewPasskeyForm(PasskeyForm):
    """A new passkey and what to call it."""

    name = StringField(
        "What to call it",
        [Length(max=NAME)],
        description="So that you know it again: “Phone”, “Blue key”.",
        render_kw={"autocomplete": "off", "maxlength": str(NAME)},
    )


class NameForm(FlaskForm):  # type: ignore[misc]
    """What to call a passkey."""

    name = StringField(
        "Name",
        [InputRequired("Give it a name."), Length(max=NAME)],
        render_kw={"autocomplete": "off", "maxlength": str(NAME)},
    )


class NewAuthenticatorForm(FlaskForm):  # type: ignore[misc]
    """The first code of an authenticator app, and the sealed secret that it has to belong to."""

    sealed = HiddenField()
    code = StringField(
        "The code that the app shows now",
        [InputRequired("Enter the six digits that the app shows."), Length(max=100)],
        render_kw=DIGITS,
    )


class ConfirmItIsYouForm(FlaskForm):  # type: ignore[misc]
    """A password or a code: one of the two."""

    password = PasswordField(
        "Password",
        [Optional(), Length(max=1024)],
        render_kw={"autocomplete": "current-password", "required": True},
    )
    code = StringField("Code from your authenticator app", [Optional(), Length(max=100)], render_kw=DIGITS)

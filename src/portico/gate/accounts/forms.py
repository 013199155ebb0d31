"""The forms on which people deal with their account.

Each has the token that keeps other sites from sending it.
"""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, Form, PasswordField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from portico.errors import UserError
from portico.gate.accounts import addresses, passwords

NEW_PASSWORD_HINT = (
    f"At least {passwords.MIN_LENGTH} characters. A few words that do not belong together are good."
)


def address_field() -> EmailField:
    """The mail address that one signs in with."""
    return EmailField(
        "Mail address",
        [InputRequired("Enter your mail address."), Length(max=254)],
        filters=[lambda text: text.strip() if text else text],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


def new_password_field(label: str = "Password") -> PasswordField:
    """A password to be set."""
    return PasswordField(
        label,
        [InputRequired("Choose a password.")],
        description=NEW_PASSWORD_HINT,
        render_kw={
            "autocomplete": "new-password",
            "minlength": str(passwords.MIN_LENGTH),
            "maxlength": str(passwords.MAX_LENGTH),
        },
    )


def repeat_field() -> PasswordField:
    """The same password again."""
    return PasswordField(
        "The same password again",
        [InputRequired("Repeat the password.")],
        render_kw={"autocomplete": "new-password", "maxlength": str(passwords.MAX_LENGTH)},
    )


def name_field() -> StringField:
    """What a person is called."""
    return StringField("Your name", [Length(max=200)], render_kw={"autocomplete": "name"})


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Address, password, and whether to stay."""

    email = address_field()
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password."), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField("Keep me signed in on this device")


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, twice. `about` is what the password must not be: the person's address and name."""

    password = new_password_field("New password")
    repeat = repeat_field()

    def __init__(self, *args: Any, about: tuple[str, str] = ("", ""), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._about = about

    def validate_password(self, field: Field) -> None:
        """Long enough, and not the first thing anyone would try."""
        if problem := passwords.problem(field.data, *self._about):
            raise ValidationError(problem)

    def validate_repeat(self, field: Field) -> None:
        """Twice the same."""
        _same(self, field)


class ChangePasswordForm(NewPasswordForm):
    """The present password, and a new one twice."""

    current = PasswordField(
        "Present password",
        [InputRequired("Enter your present password."), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )


class SignUpForm(FlaskForm):  # type: ignore[misc]
    """What an account needs."""

    email = address_field()
    name = name_field()
    password = new_password_field()
    repeat = repeat_field()

    def validate_email(self, field: Field) -> None:
        """A mail address, in its normal spelling. Whether it is taken is not said."""
        try:
            field.data = addresses.normalise(field.data)
        except UserError:
            raise ValidationError("That is not a mail address. It looks like name@example.org.") from None

    def validate_password(self, field: Field) -> None:
        """Long enough, and not the first thing anyone would try."""
        if problem := passwords.problem(field.data, self.email.data or "", self.name.data or ""):
            raise ValidationError(problem)

    def validate_repeat(self, field: Field) -> None:
        """Twice the same."""
        _same(self, field)


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """What a person may change about themselves."""

    name = name_field()


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """Nothing but a button."""


def _same(form: Form, field: Field) -> None:
    if field.data != form["password"].data:
        raise ValidationError("The two passwords are not the same.")

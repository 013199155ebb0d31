"""The forms on which people deal with their account.

Each has the token that keeps other sites from sending it.
"""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    Form,
    IntegerField,
    PasswordField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portico.errors import UserError
from portico.gate.accounts import addresses, context_words, passwords
from portico.gate.state import gate

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
        if problem := passwords.problem(field.data, *self._about, words=_words()):
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
        _normalise(field)

    def validate_password(self, field: Field) -> None:
        """Long enough, and not the first thing anyone would try."""
        if problem := passwords.problem(
            field.data, self.email.data or "", self.name.data or "", words=_words()
        ):
            raise ValidationError(problem)

    def validate_repeat(self, field: Field) -> None:
        """Twice the same."""
        _same(self, field)


class AddressForm(FlaskForm):  # type: ignore[misc]
    """A mail address, in its normal spelling. Whether there is an account with it is not said."""

    email = address_field()

    def validate_email(self, field: Field) -> None:
        """It looks like one."""
        _normalise(field)


class AskForm(AddressForm):
    """Who asks for an account. No password: it is chosen with the invitation."""

    name = name_field()


class InvitedForm(SignUpForm):
    """What an account needs; the address is given where the invitation is for one."""

    def __init__(self, *args: Any, address: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._given = address
        if address is not None:
            self.email.data, self.email.validators = address, ()  # shown, not asked for

    def validate_email(self, field: Field) -> None:
        """The invited address, whatever was sent; else one in its normal spelling."""
        field.data = self._given or field.data
        _normalise(field)


class SignUpPasswordForm(FlaskForm):  # type: ignore[misc]
    """The password that was chosen on the register form."""

    password = PasswordField(
        "The password that you chose",
        [InputRequired("Enter the password that you chose."), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )


class NewAddressForm(AddressForm):
    """The address that the account is to move to."""

    def __init__(self, *args: Any, present: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._present = present
        self.email.label.text = "New mail address"

    def validate_email(self, field: Field) -> None:
        """Another address than the present one."""
        super().validate_email(field)
        if field.data == self._present:
            raise ValidationError("That is your present address.")


class DeleteAccountForm(FlaskForm):  # type: ignore[misc]
    """The account's own address, typed in: nobody deletes an account by a slip."""

    email = StringField(
        "Type your address to delete the account",
        [InputRequired("Type your mail address.")],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = address

    def validate_email(self, field: Field) -> None:
        """The address of this account."""
        if field.data.strip().lower() != self._address:
            raise ValidationError("That is not the address of this account.")


class InviteForm(FlaskForm):  # type: ignore[misc]
    """Whom to invite, to what, and for how long."""

    email = EmailField(
        "Mail address",
        [Optional(), Length(max=254)],
        description="Leave it empty for a link that whoever has it can use.",
        filters=[lambda text: text.strip() if text else text],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    roles = SelectMultipleField(
        "Roles", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validate_choice=True
    )
    days = IntegerField(
        "Days until the link ends",
        [InputRequired("Say for how many days."), NumberRange(1, 90, "From 1 to 90 days.")],
        default=7,
    )


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """What a person may change about themselves."""

    name = name_field()


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """Nothing but a button."""


def _normalise(field: Field) -> None:
    try:
        field.data = addresses.normalise(field.data)
    except UserError:
        raise ValidationError("That is not a mail address. It looks like name@example.org.") from None


def _words() -> frozenset[str]:
    return context_words.of_site(gate().site)


def _same(form: Form, field: Field) -> None:
    if field.data != form["password"].data:
        raise ValidationError("The two passwords are not the same.")

"""The forms of the administration."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget


class TicksField(SelectMultipleField):  # type: ignore[misc]
    """Several of a list, with a tick each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class NewPersonForm(FlaskForm):  # type: ignore[misc]
    """Whom to add."""

    email = EmailField(
        "Mail address",
        [InputRequired("Enter the person’s mail address."), Length(max=254)],
        filters=[lambda text: text.strip() if text else text],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    name = StringField("Name", [Length(max=200)], render_kw={"autocomplete": "off"})
    roles = TicksField("Roles")


def _plain_name(purpose: str = "") -> StringField:
    """What roles and groups are called; `purpose` is said beside it."""
    return StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=40)],
        description=f"Lower-case letters, digits, “-” and “_”. {purpose}".strip(),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewRoleForm(FlaskForm):  # type: ignore[misc]
    """A role to add."""

    name = _plain_name("This is what access in portico.toml names.")
    description = StringField("What it is for", [Length(max=200)], render_kw={"autocomplete": "off"})


class NewGroupForm(FlaskForm):  # type: ignore[misc]
    """A group to add."""

    name = _plain_name()
    description = StringField("Who belongs to it", [Length(max=200)], render_kw={"autocomplete": "off"})
    roles = TicksField("Roles that it gives")

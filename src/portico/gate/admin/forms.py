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


class NewRoleForm(FlaskForm):  # type: ignore[misc]
    """A role to add."""

    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=40)],
        description="Lower-case letters, digits, “-” and “_”. This is what access in portico.toml names.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    description = StringField("What it is for", [Length(max=200)], render_kw={"autocomplete": "off"})


class NewGroupForm(FlaskForm):  # type: ignore[misc]
    """A group to add."""

    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=40)],
        description="Lower-case letters, digits, “-” and “_”.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    description = StringField("Who belongs to it", [Length(max=200)], render_kw={"autocomplete": "off"})
    roles = TicksField("Roles that it gives")

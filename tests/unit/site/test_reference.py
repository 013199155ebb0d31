"""The reference page is the schema's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.site import schema
from portico.site.reference import markdown
from portico.site.schema import Setting

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/site-file.md"
SETTINGS = [*schema.SITE, *schema.SESSIONS, *schema.SIGN_IN, *schema.TOKENS, *schema.APP]


def test_the_page_in_the_docs_is_what_the_code_writes() -> None:
    assert PAGE.read_text("utf-8") == markdown(), "run `make docs`"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_has_a_description_a_default_and_an_example_that_is_valid(setting: Setting) -> None:
    assert setting.summary.endswith(".")
    assert setting.required or setting.otherwise or setting.default is not None
    assert setting.kind.read(setting.example) is not None
    setting.default_value()


def test_every_variable_is_named_once() -> None:
    variables = [setting.variable for setting in SETTINGS if setting.variable]
    assert len(variables) == len(set(variables))
    assert all(variable.startswith("PORTICO_") for variable in variables)

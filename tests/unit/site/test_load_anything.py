"""Whatever a portico.toml says, the answer is a site or lines for a person; never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.site import SiteError, from_json, load, schema, to_json

# DEL is the one character that JSON writes bare and TOML does not allow so; lone surrogates are no UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=12)
telling = st.sampled_from(
    [
        "app.py",
        "app.py:app",
        "a:b",
        "x {port}",
        "/x",
        "/",
        "public",
        "admin",
        "a@b.example",
        "5s",
        "1MB",
        "1",
        "://",
        ".",
    ]
)
plain = (
    texts
    | telling
    | st.integers(-(2**40), 2**40)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2), max_leaves=4
)


def table_of(known: tuple[schema.Setting, ...]) -> st.SearchStrategy[dict[str, object]]:
    """A table with some of the known keys, some others, and any values."""
    keys = st.sampled_from([setting.key for setting in known]) | texts
    return st.dictionaries(keys, values, max_size=6)


apps = st.dictionaries(st.sampled_from(["a", "b", "gate"]) | texts, table_of(schema.APP) | values, max_size=3)
documents = st.fixed_dictionaries(
    {},
    optional={
        "site": table_of(schema.SITE) | values,
        "sessions": table_of(schema.SESSIONS) | values,
        "sign_in": table_of(schema.SIGN_IN) | values,
        "roles": st.dictionaries(texts, values, max_size=2) | values,
        "apps": apps | values,
        "other": values,
    },
)


def toml(value: object) -> str:
    """The value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "app.py").write_text("app = None\n")
    return folder


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents, environ=st.dictionaries(st.sampled_from(["PORTICO_URL", "PORTICO_LISTEN"]), texts))
def test_any_file_is_a_site_or_a_list_of_lines(
    root: Path, document: dict[str, object], environ: dict[str, str]
) -> None:
    text = "".join(f"{key} = {toml(value)}\n" for key, value in document.items())
    (root / "portico.toml").write_text(text, "utf-8")
    try:
        site = load(root, environ)
    except SiteError as error:
        problems = error.problems
    else:
        problems = ()
        assert from_json(to_json(site)) == site
    assert all(line and "\n" not in line for line in problems)

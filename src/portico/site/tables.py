"""Reading one table of a site file by its settings: unknown keys, types, environment overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from portico.site.problems import Problems, Wrong, dotted, shown, suggestion
from portico.site.schema import Setting


def read_table(
    table: object, settings: Iterable[Setting], where: str, environ: Mapping[str, str], problems: Problems
) -> dict[str, Any]:
    """The checked value of every setting: from its variable, else the table, else its default.

    A wrong value is noted in `problems` and its default stands in, so that reading goes on.
    """
    by_key = {setting.key: setting for setting in settings}
    if not isinstance(table, dict):
        problems.add(where, f"expected a table like [{where}], not {shown(table)}")
        table = {}
    for key in table:
        if key not in by_key:
            near = suggestion(key, by_key) or f"; there are {', '.join(by_key)}"
            problems.add(f"{where}.{dotted(key)}", f"unknown key{near}")
    values = {key: _read(setting, table, where, problems) for key, setting in by_key.items()}
    for key, setting in by_key.items():
        if setting.variable:
            values[key] = _override(setting, environ, values[key], problems)
    return values


def _read(setting: Setting, table: Mapping[str, object], where: str, problems: Problems) -> Any:
    default = setting.default_value()
    if setting.key not in table:
        if setting.required:
            problems.add(
                f"{where}.{setting.key}", f"is missing; write {setting.key} = {shown(setting.example)}"
            )
        return default
    value = table[setting.key]
    return problems.reading(f"{where}.{setting.key}", lambda: setting.kind.read(value), default)


def _override(setting: Setting, environ: Mapping[str, str], value: Any, problems: Problems) -> Any:
    """The value of the setting's variable where there is one, else `value`. An empty variable is none."""
    variable, file_variable = setting.variable, f"{setting.variable}_FILE"
    text, file = environ.get(variable, "").strip(), environ.get(file_variable, "").strip()
    if text and file:
        problems.add(variable, f"{file_variable} is set too; keep one of them")
        return value
    if file:
        text = problems.reading(file_variable, lambda: _content(file), "")
        variable = file_variable
    if not text:
        return value
    return problems.reading(variable, lambda: setting.kind.read(setting.kind.of_text(text)), value)


def _content(file: str) -> str:
    """The text of a file, without the line break that editors leave at its end."""
    try:
        return Path(file).read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise Wrong(f"{file} is not UTF-8 text") from None
    except OSError as error:
        raise Wrong(f"cannot read {file}: {error.strerror}") from None

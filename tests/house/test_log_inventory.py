"""docs/explanation/logs.md names every kind of line that the audit can have, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GATE = ROOT / "src" / "portico" / "gate"
PAGE = ROOT / "docs" / "explanation" / "logs.md"
WRITERS = {"note", "_note", "write"}
KIND = re.compile(r"[a-z]+(?:-[a-z]+)*")


def named_in_the_code() -> Iterator[str]:
    """What is passed as the kind of a line: the third of `note(db, actor, kind)`; names with a dash elsewhere."""
    for file in GATE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            writer = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if writer not in WRITERS:
                continue
            for place, argument in enumerate(node.args):
                for part in ast.walk(argument):
                    text = part.value if isinstance(part, ast.Constant) else None
                    if not isinstance(text, str) or not KIND.fullmatch(text):
                        continue
                    if "-" in text or (writer == "note" and place == 2):
                        yield text


def test_the_list_of_the_audits_lines_is_the_codes() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Every kind of line")[2]
    listed = re.findall(r"`([a-z]+(?:-[a-z]+)*)`", section)
    found = set(named_in_the_code())
    literals = " ".join(file.read_text(encoding="utf-8") for file in GATE.rglob("*.py"))
    assert sorted(found - set(listed)) == []
    assert [name for name in listed if f'"{name}"' not in literals] == []
    assert len(listed) == len(set(listed))

"""Names for apps that have none: from their file, folder or module."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path

from portico.site.model import Run, RunKind

# Names of files and folders that say nothing about what the app is.
_GENERIC = """
    app apps application asgi backend code dash dashboards flask index init main manage project run server
    service services source src start streamlit_app usage web webapp wsgi dash_app dashapp flask_app application
    web_app
"""
GENERIC = frozenset(_GENERIC.split())
RESERVED = frozenset({"gate", "front", "portico"})


def app_name(run: Run, root: Path) -> str:
    """A good name for the app: its file's, or its folder's when the file is called app.py or the like."""
    if run.kind is RunKind.COMMAND:
        script = next((word for word in run.argv if word.endswith(".py")), run.argv[0])
        return name_of(root / script, root)
    if run.kind is RunKind.OBJECT:
        return name_of(root.joinpath(*run.target.partition(":")[0].split(".")), root)
    return name_of(Path(run.target), root)


def name_of(path: Path, root: Path) -> str:
    """The last telling part of a path, up to the folder `root` itself, as a name; else "app"."""
    inside = path.is_relative_to(root)
    parts = [root.name, *path.relative_to(root).parts] if inside else [*path.parts[-3:]]
    parts[-1] = parts[-1].removesuffix(".py")
    names = [slug(part) for part in reversed(parts)]
    return next((name for name in names if name and name not in GENERIC), "app")


def slug(text: str) -> str:
    """The text as an app's name: small letters, digits, "-" and "_"; "" when nothing is left."""
    name = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")
    return name.lstrip("0123456789-_")[:40].rstrip("-_")


def unique(name: str, taken: Container[str]) -> str:
    """The name, or the name with the first free number: sales, sales-2, sales-3."""
    candidate, number = name, 1
    while candidate in taken or candidate in RESERVED:
        number += 1
        candidate = f"{name[:36]}-{number}"
    return candidate


def title_of(name: str) -> str:
    """The name as a title on the portal: sales-report is "Sales report"."""
    words = re.sub(r"[-_]+", " ", name).strip()
    return words[:1].upper() + words[1:]

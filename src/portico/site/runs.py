"""Reading `run = ...`: a file, a module's object or factory, or a command."""

from __future__ import annotations

import difflib
import os
import re
import shlex
from pathlib import Path

from portico.site.model import Run, RunKind
from portico.site.places import absolute, is_file, is_folder
from portico.site.problems import Wrong, shown, suggestion

PLACEHOLDERS = ("port", "socket", "prefix")
ENTRY_FILES = ("app.py", "main.py", "index.py", "wsgi.py", "asgi.py", "run.py", "server.py")
_NAMES = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_OBJECT = re.compile(rf"{_NAMES}(?:\(\))?")
_MODULE = re.compile(_NAMES)
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
_SERVER_OF_OBJECTS = re.compile(
    r"(?:gunicorn|uvicorn|granian|hypercorn|waitress-serve)\s.*?([\w.]+:[\w.()]+)"
)
_ALIKE = 0.7  # paths that differ more than this were not meant
_LISTENERS = {
    "streamlit": "--server.port {port} --server.headless true",
    "panel": "--port {port}",
    "bokeh": "--port {port}",
    "voila": "--port {port} --no-browser",
}


def parse_run(text: str, root: Path) -> Run:
    """The run that `text` means for a site in folder `root`; Wrong with what would be right."""
    if {"port", "socket"} & set(_PLACEHOLDER.findall(text)):
        return _command(text)
    if is_file(absolute(text, root)):
        return _file(text, None, root)
    left, colon, right = text.rpartition(":")
    if left.endswith(".py") and is_file(absolute(left, root)):
        return _file(left, right, root)
    if re.search(r"\s", text):
        raise Wrong(_not_a_command(text, root))
    if "\\" in text:
        raise Wrong(f'write the path with "/": {shown(text.replace(chr(92), "/"))}')
    if colon:
        return _file(left, right, root) if _names_file(left) else _object(left, right, text)
    if _names_file(text) or is_folder(absolute(text, root)):
        return _file(text, None, root)
    raise Wrong(_no_object(text, root))


def _names_file(text: str) -> bool:
    return text.endswith(".py") or "/" in text


def _file(text: str, attribute: str | None, root: Path) -> Run:
    file = absolute(text, root)
    if is_folder(file):
        entry = next((name for name in ENTRY_FILES if is_file(file / name)), None)
        hint = f'; did you mean "{text.rstrip("/")}/{entry}"?' if entry else ""
        raise Wrong(f"{shown(text)} is a folder{hint}")
    if not is_file(file):
        raise Wrong(f"no such file: {shown(text)}{_nearest_file(text, file, root)}")
    if file.suffix != ".py":
        raise Wrong(f"{shown(text)} is not a Python file")
    written = text
    if attribute is not None:
        _check_object(attribute)
        written = f"{text}:{attribute}"
    return Run(RunKind.FILE, written, target=str(file), attribute=attribute or "")


def _object(module: str, attribute: str, text: str) -> Run:
    if not _MODULE.fullmatch(module):
        raise Wrong(
            f'not a module: {shown(module)}; write "module:object" or a file like "apps/sales/app.py"'
        )
    _check_object(attribute)
    return Run(RunKind.OBJECT, text, target=text)


def _check_object(attribute: str) -> None:
    if _OBJECT.fullmatch(attribute):
        return
    name = attribute.partition("(")[0]
    if "(" in attribute and _OBJECT.fullmatch(name):
        raise Wrong(f'a factory is called without arguments: write "{name}()"')
    raise Wrong(f'not the name of an object: {shown(attribute)}; write it like "server" or "create_app()"')


def _command(text: str) -> Run:
    names = _PLACEHOLDER.findall(text)
    for name in names:
        if name not in PLACEHOLDERS:
            near = suggestion(name, PLACEHOLDERS)
            raise Wrong(
                f"unknown placeholder {{{name}}}{near or '; there are {port}, {socket} and {prefix}'}"
            )
    if {"port", "socket"} <= set(names):
        raise Wrong("a command listens at {port} or at {socket}, not at both")
    try:
        argv = tuple(shlex.split(text))
    except ValueError as error:
        raise Wrong(f"cannot be split into words: {str(error).lower()}") from None
    return Run(RunKind.COMMAND, text, argv=argv)


def _not_a_command(text: str, root: Path) -> str:
    """What to say about several words without a placeholder."""
    for name in _PLACEHOLDER.findall(text):
        near = suggestion(name, PLACEHOLDERS)
        if near:
            return f"unknown placeholder {{{name}}}{near}"
    words = text.split()
    served = _SERVER_OF_OBJECTS.match(text)
    if served:
        return f'Portico serves Python apps itself: write "{served[1]}" instead of {shown(text)}'
    if re.fullmatch(r"python[\d.]*", words[0]) and is_file(absolute(words[-1], root)):
        return f'Portico runs Python files itself: write "{words[-1]}" instead of {shown(text)}'
    listener = _LISTENERS.get(words[0], "--port {port}")
    return f'a command must say where it listens, with {{port}} or {{socket}}: "{text} {listener}"'


def _no_object(text: str, root: Path) -> str:
    """What to say about a bare word."""
    if is_file(absolute(f"{text}.py", root)):
        return f'no such file: {shown(text)}; did you mean "{text}.py"?'
    if not _MODULE.fullmatch(text):
        return f'{shown(text)} is not a file, "module:object" or a command with {{port}}'
    return f'{shown(text)} names no object; write "{text}:app", or a file like "{text}.py"'


def _nearest_file(text: str, file: Path, root: Path) -> str:
    """A hint at the Python file that was probably meant: spelled alike, in the same or the nearest folder."""
    folder = file.parent
    while not is_folder(folder) and folder != folder.parent:
        folder = folder.parent
    pattern = "*.py" if folder == file.parent else "*/*.py"
    wanted = Path(os.path.normpath(text)).parts
    known = [Path(os.path.relpath(found, root)) for found in sorted(folder.glob(pattern))[:1000]]
    near = max(known, key=lambda path: _likeness(wanted, path.parts), default=None)
    return f'; did you mean "{near}"?' if near and _likeness(wanted, near.parts) >= _ALIKE else ""


def _likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """How alike two paths are in the part that differs most: 1 for the same path, 0 for nothing in common."""
    if len(one) != len(other):
        return 0
    return min(difflib.SequenceMatcher(None, *pair).ratio() for pair in zip(one, other, strict=True))

"""Reading `run = ...`: what it may be, and what its look-alikes are answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.site import Run, RunKind
from portico.site.problems import Wrong
from portico.site.runs import parse_run


@pytest.fixture
def root(write) -> Path:  # type: ignore[no-untyped-def]
    return write(
        {"app.py": "", "apps/sales/app.py": "", "apps/with space/app.py": "", "notes.txt": "", "web.py": ""}
    )


def test_a_file_is_run_by_its_absolute_path(root: Path) -> None:
    run = parse_run("apps/sales/app.py", root)
    assert run == Run(RunKind.FILE, "apps/sales/app.py", target=str(root / "apps/sales/app.py"))


def test_a_file_may_lie_outside_of_the_site(root: Path) -> None:
    (root / "site").mkdir()
    assert parse_run("../app.py", root / "site").target == str(root / "app.py")


def test_a_file_name_may_contain_a_space(root: Path) -> None:
    assert parse_run("apps/with space/app.py", root).kind is RunKind.FILE


def test_a_file_name_with_a_space_may_name_its_object(root: Path) -> None:
    assert parse_run("apps/with space/app.py:server", root).attribute == "server"


@pytest.mark.parametrize("attribute", ["server", "create_app()", "app.server"])
def test_a_file_may_name_its_object(root: Path, attribute: str) -> None:
    run = parse_run(f"apps/sales/app.py:{attribute}", root)
    assert (run.kind, run.target, run.attribute) == (RunKind.FILE, str(root / "apps/sales/app.py"), attribute)


@pytest.mark.parametrize("text", ["sales:app", "sales.web:app.server", "sales.web:create_app()"])
def test_a_module_names_its_object_or_factory(root: Path, text: str) -> None:
    assert parse_run(text, root) == Run(RunKind.OBJECT, text, target=text)


def test_a_command_keeps_its_placeholders(root: Path) -> None:
    run = parse_run("streamlit run 'my app.py' --server.port {port} --base={prefix}", root)
    assert run.kind is RunKind.COMMAND
    assert run.argv == ("streamlit", "run", "my app.py", "--server.port", "{port}", "--base={prefix}")


def test_a_command_may_listen_at_a_socket(root: Path) -> None:
    assert parse_run("gunicorn -b unix:{socket} app:app", root).kind is RunKind.COMMAND


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("apps/sales/ap.py", 'no such file: "apps/sales/ap.py"; did you mean "apps/sales/app.py"?'),
        ("apps/sale/app.py", 'no such file: "apps/sale/app.py"; did you mean "apps/sales/app.py"?'),
        ("nothing/like/it.py", 'no such file: "nothing/like/it.py"'),
        ("ap.py:server", 'no such file: "ap.py"; did you mean "app.py"?'),
        ("apps/sales", '"apps/sales" is a folder; did you mean "apps/sales/app.py"?'),
        ("apps/", '"apps/" is a folder'),
        ("x" * 300 + ".py", "no such file: " + '"' + "x" * 300 + '.py"'),
        ("~nobody/app.py", 'no such file: "~nobody/app.py"'),
        ("notes.txt", '"notes.txt" is not a Python file'),
        ("apps\\sales\\app.py", 'write the path with "/": "apps/sales/app.py"'),
        ("app", 'no such file: "app"; did you mean "app.py"?'),
        ("sales.web", '"sales.web" names no object; write "sales.web:app", or a file like "sales.web.py"'),
        ("app-1", '"app-1" is not a file, "module:object" or a command with {port}'),
        ("my-app:server", 'not a module: "my-app"; write "module:object" or a file like "apps/sales/app.py"'),
        ("sales:create_app('x')", 'a factory is called without arguments: write "create_app()"'),
        ("app.py:1st", 'not the name of an object: "1st"; write it like "server" or "create_app()"'),
        ("app.py:", 'not the name of an object: ""; write it like "server" or "create_app()"'),
        ("sales:", 'not the name of an object: ""; write it like "server" or "create_app()"'),
        (
            "gunicorn -w 4 sales.web:app",
            'Portico serves Python apps itself: write "sales.web:app" instead of '
            '"gunicorn -w 4 sales.web:app"',
        ),
        ("python3 app.py", 'Portico runs Python files itself: write "app.py" instead of "python3 app.py"'),
        (
            "streamlit run app.py",
            "a command must say where it listens, with {port} or {socket}: "
            '"streamlit run app.py --server.port {port} --server.headless true"',
        ),
        (
            "./start.sh now",
            'a command must say where it listens, with {port} or {socket}: "./start.sh now --port {port}"',
        ),
        ("./start.sh {prot}", 'unknown placeholder {prot}; did you mean "port"?'),
        ("serve {port} {hots}", "unknown placeholder {hots}; there are {port}, {socket} and {prefix}"),
        ("serve {port} {socket}", "a command listens at {port} or at {socket}, not at both"),
        ("serve 'x {port}", "cannot be split into words: no closing quotation"),
    ],
)
def test_a_look_alike_gets_a_line_with_what_would_be_right(root: Path, text: str, line: str) -> None:
    with pytest.raises(Wrong) as caught:
        parse_run(text, root)
    assert str(caught.value) == line

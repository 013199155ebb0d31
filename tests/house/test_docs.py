"""The documentation equals the code: pages made from it, links, commands, settings, variables, files and tests."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import click
import pytest

from portico.cli import portico
from portico.errors import UserError
from portico.site import schema, source_settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
MADE_FROM_CODE = ("commands.md", "site-file.md")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^(?:    .*)?\n)+", re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?\)|<img[^>]+src=\"([^\"]+)\"")
PROGRAM = re.compile(r"(?:[\w.~-]*/)*portico")
SHELL = ("", "sh", "bash", "console", "shell")
WRAPPERS = ("docker", "docker-compose", "sudo", "vagrant", "kubectl", "ssh")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def generator() -> ModuleType:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """The page's fenced blocks of these languages; with "", also those that are only indented."""
    text = page.read_text(encoding="utf-8")
    yield from (code for language, code in FENCE.findall(text) if language in languages)
    if "" in languages:
        yield from (
            match.group() for match in INDENTED.finditer(FENCE.sub("", text)) if match.group().strip()
        )


def inline(page: Path) -> list[str]:
    """The page's code spans."""
    return INLINE.findall(prose(page))


# -- Pages made from the code -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(generator().PAGES))
def test_a_page_made_from_the_code_equals_it(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generator().PAGES[name](), "run `make docs`"


# -- Links --------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings have where it is read as Markdown."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = sum(1 for name in found if name == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", name))
        found.add(f"{slug}-{number}" if number else slug)
    return found


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files and folders exist, and so do the headings that a link names."""
    broken = []
    for target in (first or second for first, second in LINK.findall(prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_the_index_of_guides_names_every_guide() -> None:
    """docs/how-to/README.md has a line for each page beside it."""
    index = (DOCS / "how-to" / "README.md").read_text(encoding="utf-8")
    assert [
        page.name
        for page in (DOCS / "how-to").glob("*.md")
        if page.name not in index and page.stem != "README"
    ] == []


def test_the_index_of_the_documentation_names_every_page() -> None:
    """docs/README.md leads to each tutorial, reference and explanation; guides and decisions have lists of their own."""
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = [page for part in ("tutorial", "reference", "explanation") for page in (DOCS / part).glob("*.md")]
    missing = [page.name for page in pages if f"]({page.parent.name}/{page.name})" not in index]
    assert missing == []


def test_every_decision_is_in_the_list() -> None:
    """docs/explanation/decisions/README.md has a line for each record, and no number is given twice."""
    folder = DOCS / "explanation" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    records = sorted(folder.glob("0*.md"))
    assert [record.name for record in records if record.name not in index] == []
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))
    assert [record.read_text(encoding="utf-8").split(".")[0] for record in records] == [
        f"# {n}" for n in numbers
    ]


# -- Commands -----------------------------------------------------------------------------------------------------


def command_lines(text: str) -> Iterator[list[str]]:
    """The arguments of every `portico ...` in a shell block: alone, after another command, or inside a container."""
    for line in text.replace("\\\n", " ").splitlines():
        bare = line.strip().removeprefix("$ ").removeprefix("# ")
        try:
            words = shlex.split(bare, comments=True)
        except ValueError:  # somebody's sentence, with an apostrophe
            continue
        for command in parts(words):
            part = list(itertools.dropwhile(re.compile(r"[A-Z_]+=").match, command))
            named = [index for index, word in enumerate(part) if PROGRAM.fullmatch(word)]
            if named and (named[0] == 0 or part[0] in WRAPPERS or part[named[0] - 1] == "-m"):
                yield part[named[0] + 1 :]


def parts(words: list[str]) -> Iterator[list[str]]:
    """The simple commands of a shell line."""
    part: list[str] = []
    for word in [*words, ";"]:
        if word in {";", "&&", "||", "|", "&"}:
            yield part
            part = []
        elif re.fullmatch(r"\d?[<>].*", word):
            break
        else:
            part.append(word)
    yield part


def wrong(arguments: list[str], complete: bool = True) -> str | None:
    """What the command line of the real program would object to; None when it would not."""
    try:
        command, context, rest = found(arguments)
        if not isinstance(command, click.Group) or rest:
            command.make_context(context.info_name, rest)
        elif complete:
            return "a command is missing"
    except click.exceptions.Exit:  # --help and --version
        pass
    except click.MissingParameter as error:
        return error.format_message() if complete else None
    except click.ClickException as error:
        return error.format_message()
    except UserError as error:
        return str(error)
    return None


def found(arguments: list[str]) -> tuple[click.Command, click.Context, list[str]]:
    """The command that the first words name, and the words after them."""
    command: click.Command = portico
    context = click.Context(portico, info_name="portico")
    rest = list(arguments)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name, below, rest = command.resolve_command(context, rest)
        assert below is not None
        command, context = below, click.Context(below, info_name=name, parent=context)
    return command, context, rest


@every_page
def test_every_command_shown_is_one(page: Path) -> None:
    """Every `portico ...` in a block parses with the real program, options and all."""
    if page.name in MADE_FROM_CODE:
        return
    lines = [line for block in blocks(page, *SHELL) for line in command_lines(block)]
    assert [(shlex.join(line), problem) for line in lines if (problem := wrong(line))] == []


@every_page
def test_every_command_named_in_a_sentence_exists(page: Path) -> None:
    """`portico ...` within a line may leave its arguments out, and nothing else."""
    named = [shlex.split(span)[1:] for span in inline(page) if re.match(r"portico [a-z-]", span)]
    assert [(shlex.join(line), problem) for line in named if (problem := wrong(line, complete=False))] == []


def test_a_wrong_command_would_be_noticed() -> None:
    """The checks above can fail."""
    assert list(
        command_lines(
            "$ portico serv\ndocker compose exec site portico status --jsn | head\npip install portico x"
        )
    ) == [
        ["serv"],
        ["status", "--jsn"],
    ]
    assert wrong(["serv"])
    assert wrong(["status", "--jsn"])
    assert wrong(["user", "ad", "x@example.org"])
    assert wrong(["user", "add"])
    assert wrong(["user", "add"], complete=False) is None
    assert wrong(["user", "add", "x@example.org", "--role", "analyst"]) is None


# -- Settings and variables ---------------------------------------------------------------------------------------

KEYS = {
    table: {setting.key for setting in settings}
    for table, settings in [
        *schema.OF_THE_PLACE.items(),
        ("apps", schema.APP),
        ("sso", source_settings.SSO),
        ("ldap", source_settings.LDAP),
        ("trusted_header", source_settings.TRUSTED_HEADER),
    ]
}


def tables(text: str) -> Iterator[tuple[str, set[str]]]:
    """The tables of a site file with the keys that each has."""
    for name, table in tomllib.loads(text).items():
        if name in ("apps", "sso"):
            yield from ((name, set(one)) for one in table.values() if isinstance(one, dict))
        elif isinstance(table, dict):
            yield name, set(table)


@every_page
def test_every_setting_shown_exists(page: Path) -> None:
    """Every ```toml block has only tables and keys that portico.toml knows."""
    unknown = []
    for block in blocks(page, "toml"):
        for table, keys in tables(block):
            if table not in schema.TABLES:
                unknown.append(f"[{table}]")
            elif table in KEYS:
                unknown += [f"{table}.{key}" for key in keys - KEYS[table]]
    assert unknown == []


@every_page
def test_every_setting_named_in_a_sentence_exists(page: Path) -> None:
    """`key = value` within a line, and `site.key`, name a setting."""
    if page.name in MADE_FROM_CODE:
        return
    known = set().union(*KEYS.values())
    spans = inline(page)
    assigned = [match[1] for span in spans if (match := re.match(r"([a-z_]+) = [\"\[\d{tf]", span))]
    dotted = [
        match[1]
        for span in spans
        if (match := re.fullmatch(r"(?:site|sessions|apps\.\w+)\.((?!com$)[a-z_]+)", span))
    ]
    assert [key for key in [*assigned, *dotted] if key not in known] == []


@every_page
def test_every_variable_named_exists(page: Path) -> None:
    """PORTICO_* in the pages are variables that the code reads or sets."""
    sources = "\n".join(file.read_text(encoding="utf-8") for file in every_source())
    known = set(re.findall(r"PORTICO_[A-Z_]*[A-Z]", sources))
    named = set(re.findall(r"PORTICO_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
    assert [
        name for name in sorted(named) if name not in known and name.removesuffix("_FILE") not in known
    ] == []


def every_source() -> Iterator[Path]:
    """The package, its tests, and what its containers and machines are made of."""
    yield from (ROOT / "src").rglob("*.py")
    yield from (file for pattern in ("*.py", "*.sh") for file in (ROOT / "tests").rglob(pattern))
    for pattern in ("*.yml", "Dockerfile", "Makefile", "Vagrantfile", ".ci/*", "nginx/**/*"):
        yield from (file for file in ROOT.glob(pattern) if file.is_file())


# -- Files and tests ----------------------------------------------------------------------------------------------

PATH = re.compile(r"[\w.-]+(?:/[\w.*-]+)+/?(?:\.\w+)?")
OF_THE_CODE = (
    "src",
    "tests",
    "docs",
    "apps",
    "benchmarks",
    "site",
    "serve",
    "gate",
    "cli",
    "identity.py",
    "errors.py",
)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if "explanation" in page.parts],
    ids=lambda page: str(page.relative_to(DOCS)),
)
def test_every_file_named_in_an_explanation_exists(page: Path) -> None:
    """A path of the repository, or one below src/portico, leads to a file or folder."""
    named = [span for span in inline(page) if PATH.fullmatch(span) and span.split("/")[0] in OF_THE_CODE]
    roots = (ROOT, ROOT / "src" / "portico")
    assert [path for path in named if not any(list(root.glob(path.rstrip("/"))) for root in roots)] == []


def named_tests(page: Path) -> list[tuple[str, str]]:
    """The tests that a page names as `tests/.../test_x.py::test_y`, or `test_y` alone in the file named before it."""
    found, file = [], ""
    for span in inline(page):
        match = re.fullmatch(r"(tests/[\w/]+\.py)?(?:::)?(test_\w+)?", span)
        if match and span:
            file = match[1] or file
            found.append((file, match[2] or ""))
    return found


@every_page
def test_every_test_named_exists(page: Path) -> None:
    """Who reads a promise can look at the test that holds it."""
    missing = []
    for file, name in named_tests(page):
        path = ROOT / file
        if not path.is_file() or (name and name not in functions(path)):
            missing.append(f"{file}::{name}")
    assert missing == []


@cache
def functions(path: Path) -> frozenset[str]:
    """The functions of a test file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_each_promise_of_the_security_model_names_its_tests() -> None:
    """A row of a table without a test would be a wish."""
    page = (DOCS / "explanation" / "security-model.md").read_text(encoding="utf-8")
    promises = page.split("## What is promised")[1].split("\n## ")[0]
    rows = [
        line for line in promises.splitlines() if line.startswith("| ") and not line.startswith("| promise")
    ]
    assert len(rows) > 15
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py", row)] == []

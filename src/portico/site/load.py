"""From a portico.toml, or from apps named on the command line, to a checked Site. Never imports an app."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portico.site import addresses, schema
from portico.site.access import read_roles
from portico.site.addresses import Listen
from portico.site.apps import read_apps
from portico.site.clashes import check_clashes
from portico.site.document import FILE_NAME, check_tables, read_document
from portico.site.mail import Mail, holds_password
from portico.site.model import Audit, Insight, SecondFactor, Sessions, SignIn, SignUp, Site, Tokens
from portico.site.naming import app_name, unique
from portico.site.places import absolute
from portico.site.problems import Problems, Wrong
from portico.site.read_sources import Reading, read_sources
from portico.site.runs import parse_run
from portico.site.sign_in import parse_second_factor
from portico.site.tables import read_table
from portico.site.units import duration_text


def load(file: Path, environ: Mapping[str, str] = os.environ) -> Site:
    """The site that `file` (a portico.toml, or its folder) and the PORTICO_* variables declare.

    Raises SiteError, a UserError, with one line for every problem.
    """
    site, problems = examine(file, environ)
    problems.raise_if_any()
    return site


def examine(file: Path, environ: Mapping[str, str] = os.environ) -> tuple[Site, Problems]:
    """The site as far as it can be read, and what is wrong with it; SiteError for a slip in the syntax."""
    file = Path(os.path.abspath(file))  # noqa: PTH100 - a linked site file (a mounted ConfigMap) keeps its place
    if file.is_dir():
        file /= FILE_NAME
    problems = Problems()
    return _site(read_document(file), file.parent, file, environ, problems), problems


def from_apps(paths: Sequence[str], root: Path, environ: Mapping[str, str] = os.environ) -> Site:
    """The site with these apps and every default; each of `paths` is written like `run = ...`.

    Raises SiteError, a UserError, with one line for every problem.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - as in load()
    problems = Problems()
    apps: dict[str, dict[str, str]] = {}
    for text in paths:
        try:
            name = unique(app_name(parse_run(text, root), root), apps)
        except Wrong as wrong:
            problems.add("", str(wrong))
        else:
            apps[name] = {"run": text}
    problems.raise_if_any()
    site = _site({"apps": apps}, root, None, environ, problems)
    problems.raise_if_any()
    return site


def _site(
    document: dict[str, Any], root: Path, file: Path | None, environ: Mapping[str, str], problems: Problems
) -> Site:
    check_tables(document, problems)
    place = read_table(document.get("site", {}), schema.SITE, "site", environ, problems)
    sessions = _sessions(document.get("sessions", {}), environ, problems)
    roles = read_roles(document.get("roles", {}), problems)
    mail = _mail(document.get("mail", {}), environ, problems)
    _check_sign_up(place, problems)
    apps = read_apps(document.get("apps", {}), root, roles, problems)
    url, listen = _url_and_listen(place["url"], place["listen"])
    state = absolute(place["state"], root)
    site = Site(
        name=place["name"],
        url=url,
        listen_host=listen.host,
        listen_port=listen.port,
        sign_up=place["sign_up"],
        root=root,
        file=file,
        state=state,
        database_url=_database(place["database"], root, state),
        gate_workers=place["gate_workers"],
        trusted_proxies=place["trusted_proxies"],
        check_cache=place["check_cache"],
        sessions=sessions,
        roles=roles,
        apps=apps,
        run=absolute(place["run_folder"], root) if place["run_folder"] else None,
        sign_up_domains=place["sign_up_domains"],
        mail=mail,
        sign_in=_sign_in(document.get("sign_in", {}), roles, environ, problems),
        tokens=Tokens(**read_table(document.get("tokens", {}), schema.TOKENS, "tokens", environ, problems)),
        audit=Audit(**read_table(document.get("audit", {}), schema.AUDIT, "audit", environ, problems)),
        insight=Insight(
            **read_table(document.get("insight", {}), schema.INSIGHT, "insight", environ, problems)
        ),
        sources=read_sources(document, Reading(root, roles, environ, problems)),
    )
    check_clashes(site, problems)
    return site


def _sessions(table: object, environ: Mapping[str, str], problems: Problems) -> Sessions:
    values = read_table(table, schema.SESSIONS, "sessions", environ, problems)
    sessions = Sessions(**values)
    if sessions.idle > sessions.absolute:
        idle, whole = duration_text(sessions.idle), duration_text(sessions.absolute)
        problems.add("sessions.idle", f"{idle} is longer than sessions.absolute, {whole}")
    return sessions


def _check_sign_up(place: Mapping[str, Any], problems: Problems) -> None:
    if place["sign_up"] is SignUp.DOMAIN and not place["sign_up_domains"]:
        problems.add("site.sign_up_domains", 'is missing; sign_up = "domain" needs it, like ["example.org"]')


def _mail(table: object, environ: Mapping[str, str], problems: Problems) -> Mail:
    values = read_table(table, schema.MAIL, "mail", environ, problems)
    if isinstance(table, dict) and holds_password(table.get("url")):
        problems.add("mail.url", "a password does not belong in portico.toml; use PORTICO_MAIL_URL_FILE")
    return Mail(values["url"], values["from"])


def _sign_in(
    table: object, roles: Mapping[str, str], environ: Mapping[str, str], problems: Problems
) -> SignIn:
    values = read_table(table, schema.SIGN_IN, "sign_in", environ, problems)
    entries = values["second_factor"]
    values["second_factor"] = problems.reading(
        "sign_in.second_factor", lambda: parse_second_factor(entries, roles), SecondFactor()
    )
    return SignIn(**values)


def _url_and_listen(url: str | None, listen: Listen | None) -> tuple[str, Listen]:
    """The public URL and the address to listen at, each derived from the other where only one is given."""
    if url is None:
        return f"http://localhost:{listen.port if listen else 8000}", listen or Listen("127.0.0.1", 8000)
    if listen is not None:
        return url, listen
    host = addresses.host_of(url)
    if not url.startswith("http://") or not addresses.is_loopback(host):
        return url, Listen("127.0.0.1", 8000)
    return url, Listen(host if addresses.is_address(host) else "127.0.0.1", addresses.port_of(url))


def _database(url: str | None, root: Path, state: Path) -> str:
    """The database URL, with a file of SQLite made absolute: what opens it may run in another folder."""
    if url is None:
        return f"sqlite:///{state / 'portico.db'}"
    scheme, _, rest = url.partition("://")
    if not scheme.startswith("sqlite"):
        return url
    path, question, query = rest.removeprefix("/").partition("?")
    return f"{scheme}:///{absolute(path, root)}{question}{query}"

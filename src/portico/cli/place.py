"""Where a command's site is: its portico.toml, or the apps named, and the run folder of a running one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click

from portico.errors import UserError
from portico.serve import rundir
from portico.site import FILE_NAME, Site, SiteError, addresses, examine, find_site, from_apps, from_json, load
from portico.site.problems import Wrong

STATE_FOLDER = ".portico"
NO_SITE = f"no {FILE_NAME} here or in a folder above; go to the site's folder, or name the file: --file FILE"
Verb = TypeVar("Verb", bound=Callable[..., object])

site_file: Callable[[Verb], Verb] = click.option(
    "--file",
    type=click.Path(path_type=Path),
    help=f"The site file; otherwise {FILE_NAME} here or in a folder above.",
)


def read_site(
    apps: Sequence[str], file: Path | None, port: int | None = None, listen: str | None = None
) -> Site:
    """The site to serve: of the apps named, else of the file named, else of the nearest portico.toml.

    `port` and `listen` ("host:port") win over the file. UserError: there is no site, or it is wrong.
    """
    environ = dict(os.environ)
    if listen is not None:
        environ["PORTICO_LISTEN"] = _address(listen)
    site = _read(apps, file, environ)
    if port is None or port == site.listen_port:
        return site
    host = f"[{site.listen_host}]" if ":" in site.listen_host else site.listen_host
    environ["PORTICO_LISTEN"] = f"{host}:{port}"
    scheme, _, place = site.url.partition("://")
    name, colon, number = place.rpartition(":")
    if (
        scheme == "http" and colon and number == str(site.listen_port)
    ):  # the URL is the front itself: it moves along
        environ["PORTICO_URL"] = f"http://{name}:{port}"
    return _read(apps, file, environ)


def read_place(file: Path | None) -> Site:
    """The site as a place: its folder, state and database. Its apps need not be there or in order.

    Without a site file, what `portico serve app.py` left here. UserError: there is neither, or [site] is wrong.
    """
    found = file if file is not None else find_site(Path.cwd())
    if found is None and (Path.cwd() / STATE_FOLDER).is_dir():
        return from_apps((), Path.cwd(), os.environ)
    if found is None:
        raise UserError(NO_SITE)
    site, problems = examine(found, os.environ)
    of_place = [line for line in problems.lines if line.startswith(("site.", "PORTICO_"))]
    if of_place:
        raise SiteError(of_place)
    return site


def running_folder(file: Path | None) -> Path:
    """The run folder of the site that a command speaks to, even when its portico.toml is wrong.

    UserError: there is no site here, running or not.
    """
    here = Path.cwd()
    found = file if file is not None else find_site(here)
    if file is not None and not os.path.lexists(file) and not _was_served(file.parent):
        raise UserError(f"{file}: no such file")
    if found is None and not _was_served(here):
        raise UserError(NO_SITE)
    folders = [_run_folder_of(found)] if found is not None else []
    if file is None:
        folders.append(_run_folder_without_file(here))  # served with `portico serve app.py`
    # os.path, not pathlib: another user's folder is an error there, and whoever connects next says it better
    return next((folder for folder in folders if os.path.exists(folder / "control.sock")), folders[0])  # noqa: PTH110


def served_url(site: Site, file: Path | None) -> str:
    """The site's public URL; of a running site the one it was started with (`portico serve --port`)."""
    run = rundir.find(running_folder(file))
    if run.locked():
        with contextlib.suppress(OSError, ValueError):
            return from_json(run.site_json.read_text()).url
    return site.url


def _read(apps: Sequence[str], file: Path | None, environ: Mapping[str, str]) -> Site:
    if apps and file is not None:
        raise UserError("name either apps or --file, not both")
    if apps:
        return from_apps(apps, Path.cwd(), environ)
    found = file if file is not None else find_site(Path.cwd())
    if found is None:
        raise UserError(
            f"no {FILE_NAME} here or in a folder above; `portico init` writes one, "
            "`portico serve app.py` needs none"
        )
    return load(found, environ)


def _address(listen: str) -> str:
    try:
        addresses.listen(listen)
    except Wrong as wrong:
        raise UserError(f"--listen: {wrong}") from None
    return listen


def _run_folder_of(file: Path) -> Path:
    try:
        return load(file).run_folder
    except UserError:
        return _run_folder_without_file(file if file.is_dir() else file.parent)


def _was_served(root: Path) -> bool:
    return os.path.lexists(_run_folder_without_file(root).parent)


def _run_folder_without_file(root: Path) -> Path:
    state = Path(os.environ.get("PORTICO_STATE") or root.absolute() / STATE_FOLDER)
    return Path(os.environ.get("PORTICO_RUN") or state / "run")

"""The page of a Dash app under Portico: one script more, and what it must know, found out once an app."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from portico.serve.runner import own_paths
from portico.serve.runner.dash_prefix import Mount

RENDERER = re.compile(r"""<script\b[^>]*\bid=["']?_dash-renderer\b""")
# Code that knows of prefixes asks Dash for them; everything else compares paths as if it stood at "/".
ASKS = re.compile(
    r"\b(?:get|strip)_relative_path\b|[\"']relative_path[\"']|\bconfig\b\W{1,4}requests_pathname_prefix"
)
# Asking in order to make links is not yet comparing: the two may meet in one app.
RELATIVE = r"(?:get_relative_path\([^()]*\)|\[[\"']relative_path[\"']\])"
COMPARES_WHOLE = re.compile(
    rf"\bstrip_relative_path\b|\brequests_pathname_prefix\b|{RELATIVE}\s*(?:[!=]=|:)"
    rf"|(?:[!=]=|\bin\b|\bcase\b)[^\n:]{{0,60}}?{RELATIVE}"
)
COMPARES_WRITTEN = re.compile(r"(?:[!=]=|\bin\b|\bcase\b)\s*[\[({]?\s*[\"']/[^\"'\s]*[\"']")


@dataclass(frozen=True, slots=True)
class Page:
    """What the script in the page must know.

    `prefix`: where the app stands. `strip`: what its callbacks must not see of a page's path. `others`: where
    other apps of the site stand, so that links to them stay as they are. `own`: regular expressions of paths
    that begin like the prefix and are the app's own all the same.
    """

    site_url: str
    prefix: str
    strip: str
    others: tuple[str, ...]
    own: tuple[str, ...] = ()

    @classmethod
    def of(cls, app: Any, mount: Mount, prefix: str, site_url: str, others: Iterable[str]) -> Page:
        """Look at the imported app: does it route by hand, and which of the site's paths are its own?"""
        source = app_source(Path.cwd())
        strip = "" if aware(source) else mount.strip
        pages = {path for page in page_registry().values() for path in paths_of(page)}
        assets = app.config.assets_url_path.strip("/")
        known = {*pages, "/" + assets}
        foreign = (other for other in others if other not in ("", prefix) and other not in known)
        own: tuple[str, ...] = ()
        if not mount.known and (pages or strip):
            own = (
                own_paths.page_patterns(pages, prefix)
                if pages
                else own_paths.written_patterns(source, prefix, assets)
            )
        links = tuple(other for other in foreign if not routes_itself(source, other))
        return cls(site_url, prefix, strip, links, own)

    @property
    def script(self) -> str:
        """The tag of the script. No inline code: the app may have a strict content security policy."""
        data = {
            "src": f"/-/static/dash-session.js?v={release()}",
            "data-site": self.site_url,
            "data-prefix": self.prefix,
            "data-strip": self.strip,
            "data-others": " ".join(self.others),
            "data-own": "|".join(self.own),
        }
        return (
            "<script " + " ".join(f'{name}="{escape(value)}"' for name, value in data.items()) + "></script>"
        )


def with_script(html: str, page: Page) -> str:
    """The page with the script where it must be: after React and the components, before the renderer."""
    found = RENDERER.search(html)
    return html if found is None else html[: found.start()] + page.script + html[found.start() :]


def aware(source: str) -> bool:
    """Whether the code expects whole paths, prefix included, as Dash documents them."""
    if ASKS.search(source) is None:
        return False
    return COMPARES_WHOLE.search(source) is not None or COMPARES_WRITTEN.search(source) is None


def paths_of(page: dict[str, Any]) -> list[str]:
    """Every path at which Dash shows this page."""
    more = page.get("redirect_from") or []
    return [str(path) for path in (page.get("path"), page.get("path_template"), *more) if path]


def routes_itself(source: str, path: str) -> bool:
    """Whether the code compares with `path`: then it is a page of its own, even if an app stands there."""
    literal = rf"[\"']{re.escape(path)}/?[\"']"
    return (
        re.search(rf"[=!]=\s*{literal}|{literal}\s*[=!]=|case\s+{literal}|{literal}\s*:", source) is not None
    )


@cache
def release() -> str:
    """Portico's version, so that no browser keeps the script of an older one."""
    try:
        return version("portico")
    except PackageNotFoundError:  # another interpreter, which finds Portico without having it installed
        return ""


def page_registry() -> dict[str, Any]:
    """Dash's own pages; empty when the app has none."""
    return dict(getattr(sys.modules.get("dash"), "page_registry", {}))


@cache
def app_source(folder: Path) -> str:
    """The text of all modules imported from the app's folder, without installed packages."""
    texts = []
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if not isinstance(name, str) or not name.endswith(".py"):
            continue
        file = Path(name).resolve()
        if file.is_relative_to(folder) and "site-packages" not in file.parts:
            texts.append(file.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(texts)

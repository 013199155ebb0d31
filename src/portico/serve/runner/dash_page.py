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

from portico.serve.runner.dash_prefix import Mount

RENDERER = re.compile(r"""<script\b[^>]*\bid=["']?_dash-renderer\b""")
# Code that knows of prefixes asks Dash for them; everything else compares paths as if it stood at "/".
AWARE = re.compile(
    r"\b(?:get|strip)_relative_path\b|[\"']relative_path[\"']"
    r"|\bconfig\b\W{1,4}(?:requests_pathname_prefix|routes_pathname_prefix|url_base_pathname)"
)


@dataclass(frozen=True, slots=True)
class Page:
    """What the script in the page must know.

    `prefix`: where the app stands. `strip`: what its callbacks must not see of a page's path. `others`: where
    other apps of the site stand, so that links to them stay as they are.
    """

    site_url: str
    prefix: str
    strip: str
    others: tuple[str, ...]

    @classmethod
    def of(cls, app: Any, mount: Mount, prefix: str, site_url: str, others: Iterable[str]) -> Page:
        """Look at the imported app: does it route by hand, and which of the site's paths are its own?"""
        source = app_source(Path.cwd())
        strip = "" if AWARE.search(source) else mount.strip
        own = {str(page.get("path", "")) for page in page_registry().values()}
        own.add("/" + app.config.assets_url_path.strip("/"))
        foreign = (other for other in others if other not in ("", prefix) and other not in own)
        return cls(site_url, prefix, strip, tuple(o for o in foreign if not routes_itself(source, o)))

    @property
    def script(self) -> str:
        """The tag of the script. No inline code: the app may have a strict content security policy."""
        data = {
            "src": f"/-/static/dash-session.js?v={release()}",
            "data-site": self.site_url,
            "data-prefix": self.prefix,
            "data-strip": self.strip,
            "data-others": " ".join(self.others),
        }
        return (
            "<script " + " ".join(f'{name}="{escape(value)}"' for name, value in data.items()) + "></script>"
        )


def with_script(html: str, page: Page) -> str:
    """The page with the script where it must be: after React and the components, before the renderer."""
    found = RENDERER.search(html)
    return html if found is None else html[: found.start()] + page.script + html[found.start() :]


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

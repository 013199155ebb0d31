"""The front's own pages: what a person (HTML) or a program (JSON) reads when no app can answer.

They are rendered once at start, to be there when everything else is down. What differs from request to
request (the app's title, the address) nginx fills in, by server-side includes that escape for HTML.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from portico.site import Site


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `file` is its name without an ending; `error` and `message` are for programs.

    A page with a template of its own (pages/<file>.html.j2) has its own words for people; all others show
    `title` and `message`. `retry`: whether it offers the same address once more.
    """

    file: str
    error: str
    message: str
    title: str = ""
    retry: bool = False


PAGES = (
    Page("400", "bad-request", "The address or the request is malformed.", "That was not understood"),
    Page("401", "sign-in-required", "Sign in to go on."),
    Page("403", "forbidden", "This account has no access here."),
    Page("404", "not-found", "There is nothing at this address."),
    Page("405", "not-allowed", "This address does not take such a request.", "That is not possible here"),
    Page("413", "too-large", "The body is larger than this app accepts."),
    Page("414", "too-long", "The address or the headers are too long.", "That address is too long"),
    Page("429", "too-many-requests", "Too many requests. Wait a minute, then try again."),
    Page("502", "no-answer", "The app stopped while it was working on this request.", retry=True),
    Page("503", "unavailable", "The site cannot answer right now. Try again in a minute.", retry=True),
    Page("504", "timeout", "The app did not answer in time.", retry=True),
    Page("starting", "starting", "The app is starting. Try again in a moment."),
    Page("crashed", "crashed", "The app has stopped and is being started again.", retry=True),
)
OUTER_PAGES = (
    *(page for page in PAGES if page.file in ("413", "429")),
    Page("restarting", "restarting", "The site is being restarted. Try again in a moment.", retry=True),
)
REFRESH_SECONDS = 2


def render_pages(site: Site) -> dict[str, str]:
    """Each page as HTML and as JSON, by file name ("404.html", "404.json")."""
    files: dict[str, str] = {}
    for page in PAGES:
        sign_in = f"{site.url}/-/sign-in" if page.file == "401" else ""
        files |= _render(page, site.name, sign_in or f"{site.url}/-/")
        files[f"{page.file}.json"] = _answer(page, {"sign_in": sign_in} if sign_in else {})
    return files


def render_outer_pages() -> dict[str, str]:
    """The pages of the outer nginx, nginx/pages/: all it knows of the site is the host that was asked for."""
    files: dict[str, str] = {}
    for page in OUTER_PAGES:
        files |= _render(page, _filled_in("host", "the site"), "/")
        files[f"{page.file}.json"] = _answer(page, {})
    return files


def _render(page: Page, site_name: str, home: str) -> dict[str, str]:
    environment = Environment(
        loader=PackageLoader("portico.serve.front", "pages"), undefined=StrictUndefined, autoescape=True
    )
    name = f"{page.file}.html.j2"
    own = name in environment.list_templates()
    text = environment.get_template(name if own else "_page.html.j2").render(
        site_name=site_name,
        home=home,
        app_title=_filled_in("portico_title", "This site"),
        retry_path=_filled_in("request_uri", "/") if page.retry else "",
        title=page.title,
        message=page.message,
        refresh_seconds=REFRESH_SECONDS,
    )
    return {f"{page.file}.html": text}


def _answer(page: Page, more: dict[str, str]) -> str:
    return json.dumps({"error": page.error, "message": page.message} | more) + "\n"


def _filled_in(variable: str, otherwise: str) -> Markup:
    """Where nginx writes the value of one of its variables, escaped for HTML."""
    return Markup('<!--# echo var="{}" default="{}" -->').format(variable, otherwise)

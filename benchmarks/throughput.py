"""Requests per second and p99: bare apps, guarded apps, other frameworks, and the same apps through Portico."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import servers
from benchmarks.load import Measured, Request, measure
from benchmarks.portico_site import PorticoSite

JSON = (("Content-Type", "application/json"),)
NUMBERS = json.dumps({"data": [1, 2, 3]})
CALLBACK = json.dumps(
    {
        "output": "square.children",
        "outputs": {"id": "square", "property": "children"},
        "inputs": [{"id": "number", "property": "value", "value": 3}],
        "changedPropIds": ["number.value"],
        "parsedChangedPropsIds": ["number.value"],
    }
)


@dataclass(frozen=True)
class Contender:
    """One row: what is measured, and the row it is compared with."""

    name: str
    request: Request
    against: str | None = None


@dataclass(frozen=True)
class Row:
    """Medians of all rounds, the spread of the rate, and the ratio to the row compared with, round by round."""

    name: str
    rate: float
    low: float
    high: float
    p50: float
    p99: float
    errors: int
    against: str | None
    ratio: float | None
    extra_p99: float | None


def post(url: str, body: str, *headers: tuple[str, str]) -> Request:
    """A POST of JSON."""
    return Request(url, "POST", body, (*JSON, *headers))


def contenders(stack: ExitStack, nginx: Path, folder: Path) -> list[Contender]:
    """Start everything that is compared; what is started ends with the stack."""

    def up(server: Callable[..., object], *arguments: object) -> str:
        return str(stack.enter_context(server(*arguments)))  # type: ignore[arg-type]

    flask = {name: up(getattr(servers, name), "flask_json:app") for name in ("granian", "gunicorn")}
    dash = {name: up(getattr(servers, name), "dash_callback:server") for name in ("granian", "gunicorn")}
    guarded = up(servers.granian, "dash_guarded:server")
    fastapi = up(servers.uvicorn, "fastapi_sum:app")
    limit = up(servers.nginx_limit, nginx, folder)
    plain = {
        name: up(servers.plain_nginx, nginx, folder, app["granian"])
        for name, app in (("flask", flask), ("dash", dash))
    }
    site = stack.enter_context(PorticoSite(folder / "site"))
    cookie = ("Cookie", site.cookie)
    basic = ("Authorization", "Basic c29tZW9uZTphIHBhc3N3b3JkIG9mIHRoZSBiZW5jaG1hcms=")
    update = "/_dash-update-component"
    return [
        Contender("nginx `return 200`", Request(limit)),
        Contender("Flask JSON, bare on Granian", post(f"{flask['granian']}/sum", NUMBERS)),
        Contender("Flask JSON, bare on gunicorn", post(f"{flask['gunicorn']}/sum", NUMBERS)),
        Contender(
            "Flask JSON, plain nginx before Granian",
            post(f"{plain['flask']}/sum", NUMBERS),
            "Flask JSON, bare on Granian",
        ),
        Contender(
            "Flask JSON, Portico, signed in",
            post(f"{site.url}/flask/sum", NUMBERS, cookie),
            "Flask JSON, bare on Granian",
        ),
        Contender(
            "Flask JSON, Portico, signed in, 8 threads",
            post(f"{site.url}/flask-threads/sum", NUMBERS, cookie),
            "Flask JSON, bare on Granian",
        ),
        Contender("Dash callback, bare on Granian", post(dash["granian"] + update, CALLBACK)),
        Contender("Dash callback, bare on gunicorn", post(dash["gunicorn"] + update, CALLBACK)),
        Contender(
            "Dash callback, dash-auth on Granian",
            post(guarded + update, CALLBACK, basic),
            "Dash callback, bare on Granian",
        ),
        Contender(
            "Dash callback, plain nginx before Granian",
            post(plain["dash"] + update, CALLBACK),
            "Dash callback, bare on Granian",
        ),
        Contender(
            "Dash callback, Portico, signed in",
            post(f"{site.url}/dash{update}", CALLBACK, cookie),
            "Dash callback, bare on Granian",
        ),
        Contender(
            "Dash callback, Portico, signed in, 8 threads",
            post(f"{site.url}/dash-threads{update}", CALLBACK, cookie),
            "Dash callback, bare on Granian",
        ),
        Contender("sum, FastAPI bare on uvicorn", post(fastapi, NUMBERS)),
        Contender("sum, Portico, public", post(f"{site.url}/sum/", NUMBERS), "sum, FastAPI bare on uvicorn"),
    ]


def row(contender: Contender, rounds: Mapping[str, list[Measured]]) -> Row:
    """The medians of one contender's rounds; ratios are taken within each round, since the machine drifts."""
    own = rounds[contender.name]
    other = rounds.get(contender.against or "", [])
    rates = [one.rate for one in own]
    return Row(
        contender.name,
        statistics.median(rates),
        min(rates),
        max(rates),
        statistics.median(one.p50 for one in own),
        statistics.median(one.p99 for one in own),
        sum(one.errors for one in own),
        contender.against,
        statistics.median(a.rate / b.rate for a, b in zip(own, other, strict=True)) if other else None,
        statistics.median(a.p99 - b.p99 for a, b in zip(own, other, strict=True)) if other else None,
    )


def run(nginx: Path, folder: Path, *, rounds: int, seconds: float) -> list[Row]:
    """Start all contenders and measure them."""
    with ExitStack() as stack:
        return interleaved(contenders(stack, nginx, folder), rounds=rounds, seconds=seconds)


def interleaved(rows: list[Contender], *, rounds: int, seconds: float) -> list[Row]:
    """Measure contenders that run, in turn, `rounds` times, after one round that is thrown away."""
    results: dict[str, list[Measured]] = {one.name: [] for one in rows}
    for number in range(rounds + 1):
        for one in rows:
            measured = measure(one.request, seconds=seconds if number else 1)
            if number:
                results[one.name].append(measured)
    return [row(one, results) for one in rows]


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| | requests/s | min to max | p50 ms | p99 ms | failed | ratio | p99 more |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in rows:
        ratio = f"{one.ratio:.2f}" if one.ratio is not None else ""
        extra = f"{one.extra_p99:+.1f} ms" if one.extra_p99 is not None else ""
        lines.append(
            f"| {one.name} | {one.rate:,.0f} | {one.low:,.0f} to {one.high:,.0f} | {one.p50:.1f} | {one.p99:.1f} "
            f"| {one.errors} | {ratio} | {extra} |"
        )
    return "\n".join(lines)

"""What a site is, as frozen values. `load.py` makes them from a portico.toml, all others only read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class SignUp(StrEnum):
    """Who may make an account for themselves."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


class RunKind(StrEnum):
    """How an app is written down in `run = ...`."""

    FILE = "file"  # apps/sales/app.py
    OBJECT = "object"  # module:object or module:factory()
    COMMAND = "command"  # streamlit run app.py --server.port {port}


@dataclass(frozen=True, slots=True)
class Run:
    """One parsed `run = ...` value.

    `text` is the value as written. FILE: `target` is the absolute path and `attribute` what to take from the
    module ("server", "create_app()", or "" for whatever app it holds). OBJECT: `target` is "module:object" or
    "module:factory()"; `attribute` is empty. COMMAND: `argv` is the split command with its `{port}` or
    `{socket}`, and perhaps `{prefix}` (App.prefix: "/sales" or ""), still in it.
    """

    kind: RunKind
    text: str
    target: str = ""
    attribute: str = ""
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may enter an app. Exactly one of: `public`, `signed_in`, or a non-empty set of roles and people."""

    public: bool = False
    signed_in: bool = False
    roles: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()  # lower-cased mail addresses


@dataclass(frozen=True, slots=True)
class App:
    """One app of the site. It is reached at `path` on the site's URL, at `host`, at `port`: one or several.

    `path` starts with "/" and has no trailing slash, except "/" itself; None beside a lone `host` or `port`.
    `folder` is the app's working directory. Times are seconds, sizes bytes. `sleep_after` None: never sleeps.
    """

    name: str
    run: Run
    folder: Path
    title: str
    description: str
    access: Access
    path: str | None
    host: str | None
    port: int | None
    workers: int
    threads: int
    sleep_after: float | None
    start_timeout: float
    request_timeout: float
    max_body: int
    python: Path | None
    environment: tuple[tuple[str, str], ...] = field(repr=False)  # may hold secrets
    in_portal: bool

    @property
    def prefix(self) -> str:
        """The URL prefix the app is mounted under, without a trailing slash: "/sales", or "" at a root."""
        return "" if self.path in (None, "/") else str(self.path)


@dataclass(frozen=True, slots=True)
class Sessions:
    """How long a sign-in lasts, in seconds."""

    idle: float
    absolute: float
    remember: float


@dataclass(frozen=True, slots=True)
class Site:
    """Everything `portico.toml` and the PORTICO_* variables say, checked and complete.

    `url` has no trailing slash. `root` is the folder of portico.toml; `state` is where the site keeps what it
    writes (default `<root>/.portico`); `run` is another place for what it needs only while it runs.
    `database_url` is an SQLAlchemy URL. `roles` maps a role's name to its description and always holds "admin".
    """

    name: str
    url: str
    listen_host: str
    listen_port: int
    sign_up: SignUp
    root: Path
    file: Path | None
    state: Path
    database_url: str = field(repr=False)  # may hold a password
    gate_workers: int
    trusted_proxies: tuple[str, ...]
    check_cache: float  # seconds for which the front may reuse the gate's answer
    sessions: Sessions
    roles: dict[str, str]
    apps: tuple[App, ...] = field(default=())
    run: Path | None = None

    @property
    def run_folder(self) -> Path:
        """Where the supervisor keeps sockets and the front's files. Each running copy of a site has its own."""
        return self.run or self.state / "run"

    @property
    def secure(self) -> bool:
        """Whether the public URL is https: cookies are then Secure and named with the __Host- prefix."""
        return self.url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """The name of the session cookie."""
        return "__Host-portico_session" if self.secure else "portico_session"

    def app(self, name: str) -> App:
        """The app of that name; KeyError when there is none."""
        for app in self.apps:
            if app.name == name:
                return app
        raise KeyError(name)

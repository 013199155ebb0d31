"""What a site is, as frozen values. `load.py` makes them from a portico.toml, all others only read them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from portico.site.mail import Mail
from portico.site.sources import Sources


class SignUp(StrEnum):
    """Who may make an account for themselves."""

    OPEN = "open"
    DOMAIN = "domain"  # whoever has an address in one of `sign_up_domains`
    ASK = "ask"  # everybody may ask; administrators invite
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
    """Who may enter an app, or a path of it. Exactly one of: `public`, `known`, `signed_in`, or a non-empty set of
    roles and people. `known`: everybody may enter, and the app learns who is signed in.
    """

    public: bool = False
    known: bool = False
    signed_in: bool = False
    roles: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()  # lower-cased mail addresses


@dataclass(frozen=True, slots=True)
class PathRule:
    """Another access for what lies at `path` inside an app ("/admin", without the app's own path), and below it."""

    path: str
    access: Access


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
    paths: tuple[PathRule, ...] = ()
    frame_ancestors: tuple[str, ...] = ()  # origins of other sites whose pages may show the app in a frame

    @property
    def prefix(self) -> str:
        """The URL prefix the app is mounted under, without a trailing slash: "/sales", or "" at a root."""
        return "" if self.path in (None, "/") else str(self.path)

    @property
    def asks_nobody(self) -> bool:
        """Whether everybody may have everything of it, so that the front need not ask the gate."""
        return self.access.public and not self.paths


@dataclass(frozen=True, slots=True)
class Sessions:
    """How long a sign-in lasts, in seconds."""

    idle: float
    absolute: float
    remember: float


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Who must have a second factor: everybody (`required`), or whoever has one of the `roles`."""

    required: bool = False
    roles: frozenset[str] = frozenset()

    def concerns(self, roles: Set[str]) -> bool:
        """Whether somebody with these roles must have one."""
        return self.required or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sign-in takes. Times are seconds.

    `fresh` is for how long a proof of who somebody is counts as recent; `remember_device` for how long a device that a
    person has marked as theirs is not asked for the second factor again, 0: always asked.
    """

    second_factor: SecondFactor = SecondFactor()
    fresh: float = 600.0
    remember_device: float = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """API tokens: how many requests a minute one may make, and how long one may last, in seconds."""

    rate: int = 600
    longest: float = 365 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Audit:
    """How long a line of the audit is kept, in seconds; None: for ever."""

    keep: float | None = 400 * 24 * 3600.0

    @property
    def days(self) -> int | None:
        """The same in whole days."""
        return None if self.keep is None else int(self.keep // 86400)


@dataclass(frozen=True, slots=True)
class Insight:
    """Whether the site counts how its apps are used, and for how many seconds it keeps the numbers."""

    enabled: bool = True
    keep: float = 400 * 24 * 3600.0


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
    sign_up_domains: tuple[str, ...] = ()
    mail: Mail = field(default=Mail())
    sign_in: SignIn = field(default=SignIn())
    tokens: Tokens = field(default=Tokens())
    audit: Audit = field(default=Audit())
    insight: Insight = field(default=Insight())
    sources: Sources = field(default=Sources())

    @property
    def run_folder(self) -> Path:
        """Where the supervisor keeps sockets and the front's files. Each running copy of a site has its own."""
        return self.run or self.state / "run"

    @property
    def may_have_copies(self) -> bool:
        """Whether copies of the site on other machines can share its database."""
        return self.database_url.startswith("postgresql")

    @property
    def secure(self) -> bool:
        """Whether the public URL is https: cookies are then Secure and named with the __Host- prefix."""
        return self.url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """The name of the session cookie."""
        return "__Host-portico_session" if self.secure else "portico_session"

    def guest_cookie(self, app: str) -> str:
        """The name of the cookie of an app's guests: people with a share link, or in a page of another site."""
        return f"{'__Secure-' if self.secure else ''}portico_guest_{app}"

    def app(self, name: str) -> App:
        """The app of that name; KeyError when there is none."""
        for app in self.apps:
            if app.name == name:
                return app
        raise KeyError(name)

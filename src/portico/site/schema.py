"""Every setting of a site file: its type, default, one-line description and environment variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portico.site import addresses, kinds, mail
from portico.site.kinds import Kind
from portico.site.model import SignUp


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a table. `default` is written as in the file; None means that `otherwise` says what holds.

    `variable` overrides the file, and `<variable>_FILE` names a file that holds the value.
    """

    key: str
    kind: Kind
    summary: str
    default: object = None
    otherwise: str = ""
    variable: str = ""
    example: object = None
    required: bool = False

    def default_value(self) -> Any:
        """The checked value that holds where neither file nor environment says anything."""
        return None if self.default is None else self.kind.read(self.default)


SITE = (
    Setting(
        "name",
        kinds.TEXT,
        "The name that people see on every page of the site.",
        "Portico",
        example="Example Analytics",
    ),
    Setting(
        "url",
        kinds.parsed("URL", addresses.site_url),
        "The public address. Links, redirects and cookies are made from it, never from a request's headers.",
        otherwise="`http://localhost:` and the port of `listen`",
        variable="PORTICO_URL",
        example="https://apps.example.com",
    ),
    Setting(
        "listen",
        kinds.parsed("address and port", addresses.listen),
        'Where the front accepts connections; ":8000" means every interface.',
        otherwise="`127.0.0.1:` and the port of `url` where that is this machine, else 8000",
        variable="PORTICO_LISTEN",
        example="0.0.0.0:8000",
    ),
    Setting(
        "sign_up",
        kinds.choice(SignUp),
        "Who may make an account: everybody, people with an address in `sign_up_domains`, whoever asked and was then "
        "invited, invited people, or nobody.",
        "invite",
        variable="PORTICO_SIGN_UP",
        example="open",
    ),
    Setting(
        "sign_up_domains",
        kinds.HOSTS,
        'The domains whose addresses may make an account where `sign_up` is "domain". It needs `[mail]`.',
        [],
        variable="PORTICO_SIGN_UP_DOMAINS",
        example=["example.org"],
    ),
    Setting(
        "state",
        kinds.TEXT,
        "The folder for what the site writes: secrets, the database, caches. Relative to the site file.",
        ".portico",
        variable="PORTICO_STATE",
        example="/var/lib/portico",
    ),
    Setting(
        "run_folder",
        kinds.TEXT,
        "The folder for what the site needs only while it runs: sockets, the front's files. "
        "Copies of a site may share a state folder, never this one.",
        otherwise="`run` in the state folder",
        variable="PORTICO_RUN",
        example="/run/portico",
    ),
    Setting(
        "database",
        kinds.parsed("database URL", addresses.database),
        "The database of accounts and sessions: SQLite or PostgreSQL.",
        otherwise="SQLite in the state folder",
        variable="PORTICO_DATABASE_URL",
        example="postgresql://portico@db.example.com/portico",
    ),
    Setting(
        "gate_workers",
        kinds.whole(1, 64),
        "Processes that answer sign-in, portal and access checks.",
        1,
        variable="PORTICO_GATE_WORKERS",
        example=2,
    ),
    Setting(
        "trusted_proxies",
        kinds.PROXIES,
        "Proxies before the front whose `X-Forwarded-*` headers are believed.",
        [],
        variable="PORTICO_TRUSTED_PROXIES",
        example=["10.0.0.0/8"],
    ),
    Setting(
        "check_cache",
        kinds.duration("0s", "30s"),  # the signed identity in the answer is valid for 60 s
        "How long the front may reuse the gate's answer: a revoked session is out after at most this long.",
        "3s",
        example="10s",
    ),
)

SESSIONS = (
    Setting(
        "idle",
        kinds.duration("1m", "365d"),
        "A session ends after this long without a request.",
        "12h",
        example="1h",
    ),
    Setting(
        "absolute",
        kinds.duration("1m", "365d"),
        "A session ends after this long in any case.",
        "7d",
        example="1d",
    ),
    Setting(
        "remember",
        kinds.duration("1m", "365d"),
        'The same, where a person ticked "remember me".',
        "30d",
        example="90d",
    ),
)

MAIL = (
    Setting(
        "url",
        kinds.parsed("URL", mail.server_url),
        "The mail server: `smtp://` (STARTTLS), `smtps://` (TLS) or `smtp+plain://`. A password belongs in the variable.",
        otherwise="none: the site sends no mail",
        variable="PORTICO_MAIL_URL",
        example="smtps://mail.example.org",
    ),
    Setting(
        "from",
        kinds.parsed("mail address", mail.sender),
        "The address that mails come from.",
        otherwise="`noreply@` and the host of `url`",
        variable="PORTICO_MAIL_FROM",
        example="apps@example.org",
    ),
)

SIGN_IN = (
    Setting(
        "second_factor",
        kinds.ACCESS,
        'Who must have a second factor: "optional" (nobody), "required" (everybody), or the roles that must.',
        "optional",
        example=["admin"],
    ),
    Setting(
        "fresh",
        kinds.duration("1m", "24h"),
        "After this long, a change of password, factors or people asks once more who is there.",
        "10m",
        example="5m",
    ),
    Setting(
        "remember_device",
        kinds.duration("0s", "365d"),
        'How long a device that a person marked as theirs is not asked for the second factor; "0s": it is always asked.',
        "30d",
        example="7d",
    ),
)

APP = (
    Setting(
        "run",
        kinds.TEXT,
        "A file, `file:object`, `module:object`, `module:factory()`, or a command with `{port}`/`{socket}`.",
        required=True,
        example="apps/sales/app.py",
    ),
    Setting(
        "access",
        kinds.ACCESS,
        'Who may enter: "public", "public-with-identity", "signed-in", a role, or a list of roles and mail addresses.',
        "signed-in",
        example=["analyst", "ann@example.org"],
    ),
    Setting(
        "paths",
        kinds.PATHS,
        "Another access for paths inside the app: the longest wins.",
        {},
        example={"/admin": "admin"},
    ),
    Setting(
        "frame_ancestors",
        kinds.ORIGINS,
        "Other sites whose pages may show the app in a frame.",
        [],
        example=["https://portal.example.org"],
    ),
    Setting(
        "path",
        kinds.parsed("path", addresses.path),
        "Where the app is on the site's URL.",
        otherwise="`/` and the app's name; none where `host` or `port` is given",
        example="/sales",
    ),
    Setting(
        "host",
        kinds.parsed("host name", addresses.host),
        "A host name of the app's own; there it is at `/`.",
        otherwise="none",
        example="sales.example.com",
    ),
    Setting(
        "port", kinds.PORT, "A port of the app's own; there it is at `/`.", otherwise="none", example=5000
    ),
    Setting(
        "title", kinds.TEXT, "The app's name on the portal.", otherwise="the app's name", example="Sales"
    ),
    Setting(
        "description",
        kinds.PROSE,
        "One line about the app on the portal.",
        "",
        example="Orders by region and week",
    ),
    Setting(
        "portal",
        kinds.SWITCH,
        "Whether the portal shows the app to those who may enter it.",
        True,
        example=False,
    ),
    Setting("workers", kinds.whole(1, 64), "Processes that serve the app.", 1, example=2),
    Setting(
        "threads", kinds.whole(1, 512), "Requests that one worker handles at the same time.", 8, example=4
    ),
    Setting(
        "sleep_after",
        kinds.duration("1s", "365d", never=True),
        "Stop the app's processes after this long without a request; the next request wakes it.",
        "never",
        example="15m",
    ),
    Setting(
        "start_timeout",
        kinds.duration("1s", "1h"),
        "How long the app may take to start.",
        "120s",
        example="5m",
    ),
    Setting(
        "request_timeout",
        kinds.duration("1s", "24h"),
        "How long one request may take.",
        "300s",
        example="30s",
    ),
    Setting(
        "max_body",
        kinds.size("1KB", "1TB"),
        "The largest request body the app accepts.",
        "100MB",
        example="2GB",
    ),
    Setting(
        "python",
        kinds.TEXT,
        "The Python interpreter that runs the app.",
        otherwise="the one that runs Portico",
        example=".venv/bin/python",
    ),
    Setting(
        "folder",
        kinds.TEXT,
        "The app's working directory.",
        otherwise="the folder of the app's file, else of the site file",
        example="apps/sales",
    ),
    Setting(
        "env", kinds.VARIABLES, "Environment variables for the app alone.", {}, example={"MODE": "production"}
    ),
)

TOKENS = (
    Setting(
        "rate",
        kinds.whole(1, 60_000),
        "How many requests a minute one API token may make; a sixth of them at once.",
        600,
        example=60,
    ),
    Setting(
        "longest",
        kinds.duration("1h", "3650d"),
        "How long an API token may be good at most.",
        "365d",
        example="90d",
    ),
)

AUDIT = (
    Setting(
        "keep",
        kinds.duration("30d", "3650d", never=True),
        'How long a line of the audit is kept; "never": no line is ever removed. In whole days.',
        "400d",
        example="90d",
    ),
)

INSIGHT = (
    Setting(
        "enabled",
        kinds.SWITCH,
        "Whether the site counts how its apps are used. Off: nothing is counted and nothing is noted.",
        True,
        variable="PORTICO_INSIGHT",
        example=False,
    ),
    Setting(
        "keep",
        kinds.duration("1d", "3650d"),
        "How long the numbers of a day are kept. In whole days.",
        "400d",
        example="90d",
    ),
)

# The tables whose settings can have a variable
OF_THE_PLACE = {
    "site": SITE,
    "sessions": SESSIONS,
    "mail": MAIL,
    "sign_in": SIGN_IN,
    "tokens": TOKENS,
    "audit": AUDIT,
    "insight": INSIGHT,
}

TABLES = (
    "site",
    "sessions",
    "mail",
    "sign_in",
    "tokens",
    "audit",
    "insight",
    "sso",
    "ldap",
    "trusted_header",
    "roles",
    "apps",
)

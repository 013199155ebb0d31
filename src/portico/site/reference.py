"""The reference page of the site file, made from the schema; docs/reference/site-file.md is this text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from portico.site import schema, source_settings
from portico.site.schema import Setting

_PASSWORD = source_settings.LDAP_PASSWORD
_HEAD = """\
# portico.toml

The site file says what a site is: where it is, who may enter, and which apps it has. Every key has a
default, so the smallest useful file is one line under `[apps]`, and `portico serve app.py` needs no file at
all. `portico init` writes one for the apps it finds; `portico check` tests one without serving.

This page is made from the code (`portico.site.reference`); a test keeps the two equal.

## How values are written

* **Durations**: a number with a unit, `ms`, `s`, `m`, `h`, `d` or `w`: `"30s"`, `"15m"`, `"1h30m"`.
* **Sizes**: with `B`, `KB`, `MB`, `GB`, `TB` (powers of 1000), `KiB`, `MiB`, `GiB`, `TiB` (of 1024).
* **Files and folders** are seen from the folder of portico.toml.
* **Variables** belong to the place where a site runs: they win over the file, so one file serves a laptop and
  a server. Each has a twin that ends in `_FILE` and names a file with the value, as secrets are mounted in
  containers. An empty variable counts as none.
"""

_ROLES = """\
## [roles]

A role's name and what it is for. `admin` always exists. Roles are what `access` names.

```toml
[roles]
analyst = "Reads every report"
```
"""

_RUN = """\
### run

| written like | served |
|---|---|
| `"apps/sales/app.py"` | the app in that file: `app`, `application` or `server`, else the only one |
| `"apps/sales/app.py:server"` | that object of the file; `"apps/sales/app.py:create_app()"` calls a factory |
| `"sales.web:app"` | that object of a module, imported from `folder` |
| `"sales.web:create_app()"` | what the factory returns; it is called without arguments |
| `"streamlit run app.py --server.port {port}"` | a command that speaks HTTP there |

A command listens at `{port}` (on 127.0.0.1) or at the Unix socket `{socket}`. It sees the whole path of a
request; `{prefix}` is the app's path, `/sales`, or nothing at `/`.

### access

| written like | may enter |
|---|---|
| `"signed-in"` | everybody with an account |
| `"public"` | everybody; the app gets no identity |
| `"public-with-identity"` | everybody; the app learns who is signed in |
| `"analyst"` | people with that role |
| `["analyst", "ann@example.org"]` | people with one of the roles, and these people |

The same words stand in `[apps.NAME.paths]`, for a path inside the app and all below it:
[Who may enter](../how-to/who-may-enter.md).

### path, host, port

An app is at `path` on the site's URL, at a `host` of its own, at a `port` of its own, or at several of them.
A path may lie under another app's path: the longest wins. Paths under `/-/` are Portico's own.
"""


def markdown() -> str:
    """The whole page."""
    parts = [
        _HEAD,
        _table("[site]", "The site as a whole.", schema.SITE),
        _table("[sessions]", "How long a sign-in lasts.", schema.SESSIONS),
        _table("[mail]", _MAIL, schema.MAIL),
        _table("[sign_in]", _SIGN_IN, schema.SIGN_IN),
        _table("[sso.NAME]", _SSO, source_settings.SSO),
        _table("[ldap]", _LDAP, source_settings.LDAP),
        _table("[trusted_header]", _TRUSTED_HEADER, source_settings.TRUSTED_HEADER),
        _table("[tokens]", _TOKENS, schema.TOKENS),
        _table("[audit]", _AUDIT, schema.AUDIT),
        _table("[insight]", _INSIGHT, schema.INSIGHT),
        _ROLES,
        _table("[apps.NAME]", _APPS, schema.APP),
        _RUN,
        _variables(),
    ]
    return "\n".join(parts)


_SSO = """\
One table for each OpenID Connect provider; NAME has up to 30 small letters, digits and `_`. The provider's secret for the
site is the variable `PORTICO_SSO_NAME_SECRET`, or the file that `PORTICO_SSO_NAME_SECRET_FILE` names:
[Single sign-on](../how-to/single-sign-on.md)."""
_LDAP = "A directory that checks passwords: [LDAP and Active Directory](../how-to/ldap.md)."
_TRUSTED_HEADER = """\
A proxy before the site that has signed people in: [Trust a proxy's header](../how-to/trusted-header.md)."""
_MAIL = """\
The mail server: [Send mail](../how-to/mail.md). Without one, administrators hand out links."""
_AUDIT = "Who did what, when and from where: [The audit](../how-to/audit.md)."
_INSIGHT = "How the apps are used, by day: [Insight](../how-to/insight.md)."
_TOKENS = "What programs show instead of a session: [API tokens](../how-to/api-tokens.md)."
_SIGN_IN = """\
What a sign-in takes beside the first proof: [Second factor and passkeys](../how-to/second-factor.md)."""
_APPS = """\
One table for each app; NAME has up to 40 small letters, digits, `-` and `_`. An app that needs only `run`
fits on one line: `[apps]`, then `sales = "apps/sales/app.py"`."""


def _table(title: str, introduction: str, settings: Sequence[Setting]) -> str:
    head = "| key | type | default | effect | example |\n|---|---|---|---|---|"
    rows = "\n".join(_row(setting) for setting in settings)
    return f"## {title}\n\n{introduction}\n\n{head}\n{rows}\n"


def _row(setting: Setting) -> str:
    cells = (setting.kind.label, _default(setting), setting.summary, f"`{_toml(setting.example)}`")
    return f"| `{setting.key}` | {' | '.join(cells)} |"


def _variables() -> str:
    rows = "\n".join(
        f"| `{setting.variable}` | `{setting.variable}_FILE` | `{table}.{setting.key}` |"
        for table, settings in schema.OF_THE_PLACE.items()
        for setting in settings
        if setting.variable
    )
    rows += f"\n| `{_PASSWORD.variable}` | `{_PASSWORD.variable}_FILE` | the password of `ldap.bind_dn` |"
    rows += "\n| `PORTICO_SSO_NAME_SECRET` | `PORTICO_SSO_NAME_SECRET_FILE` | the secret of `sso.NAME` |"
    return f"## Variables\n\n| variable | file | instead of |\n|---|---|---|\n{rows}\n"


def _default(setting: Setting) -> str:
    if setting.required:
        return "required"
    return setting.otherwise or f"`{_toml(setting.default)}`"


def _toml(value: object) -> str:
    """A value as it stands in the file."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)

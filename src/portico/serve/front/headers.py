"""Request headers in which some front somewhere tells who asks or from where. Clients may not."""

from __future__ import annotations

from portico.site import Site

# Under these names the gate, and it alone, learns for whom a trusted proxy vouches: no app, and from no client
VOUCHED_HEADERS = ("X-Portico-Vouched", "X-Portico-Vouched-Name", "X-Portico-Vouched-Groups")

STRIPPED_HEADERS = (
    # who
    "Remote-User",
    "Remote-Name",
    "Remote-Email",
    "Remote-Groups",
    "X-Remote-User",
    "X-Remote-Name",
    "X-Remote-Email",
    "X-Remote-Groups",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Access-Token",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Auth-Request-Groups",
    "X-Auth-Request-Preferred-Username",
    "X-Auth-Request-Access-Token",
    "X-Authenticated-User",
    "X-WEBAUTH-USER",
    "X-Portico-User",
    "X-Portico-Email",
    "X-Portico-Name",
    "X-Portico-Roles",
    "X-Portico-App",
    "X-Portico-Sign-In",
    # from where, and to where
    "Forwarded",
    "X-Forwarded",
    "X-Forwarded-By",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-Uri",
    "X-Forwarded-Path",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Host",
    "X-Original-Host",
    "X-Original-URI",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Scheme",
    "X-Url-Scheme",
    "Front-End-Https",
    "X-Script-Name",
    "Script-Name",
    # read as HTTP_PROXY by programs of the CGI family
    "Proxy",
)


def stripped(site: Site) -> tuple[str, ...]:
    """The names that nobody may use, with those that this site's proxy uses."""
    own = site.sources.header
    named = (own.header, own.name_header, own.groups_header) if own else ()
    known = {name.lower() for name in STRIPPED_HEADERS}
    return (*STRIPPED_HEADERS, *dict.fromkeys(name for name in named if name and name.lower() not in known))

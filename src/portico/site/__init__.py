"""The site: portico.toml as frozen, checked values; finding and recognising apps. It only reads."""

from portico.errors import SiteError
from portico.site.document import FILE_NAME, find_site
from portico.site.load import examine, from_apps, load
from portico.site.model import Access, App, PathRule, Run, RunKind, Sessions, SignUp, Site
from portico.site.saved import from_json, to_json
from portico.site.sources import Directory, FactorsThere, Joins, Provider, Sources, TrustedHeader
from portico.site.units import duration, duration_text, size, size_text

__all__ = [
    "FILE_NAME",
    "Access",
    "App",
    "Directory",
    "FactorsThere",
    "Joins",
    "PathRule",
    "Provider",
    "Run",
    "RunKind",
    "Sessions",
    "SignUp",
    "Site",
    "SiteError",
    "Sources",
    "TrustedHeader",
    "duration",
    "duration_text",
    "examine",
    "find_site",
    "from_apps",
    "from_json",
    "load",
    "size",
    "size_text",
    "to_json",
]

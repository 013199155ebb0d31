"""URLs, addresses, hosts, ports, paths and database URLs."""

# ruff: noqa: S104 - the addresses are only read; nothing listens there

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.site import addresses
from portico.site.problems import Wrong


def wrong(parse: Callable[[str], object], text: str) -> str:
    with pytest.raises(Wrong) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://apps.example.com", "https://apps.example.com"),
        ("HTTPS://Apps.Example.com/", "https://apps.example.com"),
        ("https://apps.example.com:443", "https://apps.example.com"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://10.0.0.7", "http://10.0.0.7"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_url_has_one_spelling(text: str, url: str) -> None:
    assert addresses.site_url(text) == url


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("apps.example.com", 'not a URL: "apps.example.com"; write it like "https://apps.example.com"'),
        ("ftp://example.com", 'not a URL: "ftp://example.com"; write it like "https://apps.example.com"'),
        ("https://", 'not a URL: "https://"; write it like "https://apps.example.com"'),
        ("https://[::1", 'not a URL: "https://[::1"; write it like "https://apps.example.com"'),
        ("https://example.com/tools", 'a site has a host of its own, so its URL ends before "/tools"'),
        ("https://example.com?x=1", 'only a scheme, a host and a port belong here: "https://example.com"'),
        ("https://a:b@example.com", 'only a scheme, a host and a port belong here: "https://example.com"'),
        ("http://example.com:99999", 'not a port in "http://example.com:99999"; ports go from 1 to 65535'),
        ("http://exa mple.com", 'not a host name: "exa mple.com"'),
        ("http://1.2.3", 'not a host name or IP address: "1.2.3"'),
    ],
)
def test_what_is_no_public_url_gets_a_line(text: str, line: str) -> None:
    assert wrong(addresses.site_url, text) == line


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8000", "127.0.0.1", 8000),
        ("localhost:80", "127.0.0.1", 80),
        (":8000", "0.0.0.0", 8000),
        ("*:8000", "0.0.0.0", 8000),
        ("0.0.0.0:8000", "0.0.0.0", 8000),
        ("[::1]:8000", "::1", 8000),
        ("[::]:8000", "::", 8000),
    ],
)
def test_an_address_to_listen_at(text: str, host: str, port: int) -> None:
    assert addresses.listen(text) == (host, port)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("8000", 'not an address: "8000"; write "127.0.0.1:8000", or ":8000" for every interface'),
        ("127.0.0.1", 'not an address: "127.0.0.1"; write "127.0.0.1:8000", or ":8000" for every interface'),
        ("example.com:80", 'not an IP address: "example.com"; write it like "127.0.0.1:80"'),
        ("127.0.0.1:0", "not a port: 0; ports go from 1 to 65535"),
    ],
)
def test_what_is_no_address_to_listen_at_gets_a_line(text: str, line: str) -> None:
    assert wrong(addresses.listen, text) == line


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/", "/"),
        ("/sales", "/sales"),
        ("/sales/", "/sales"),
        ("/a/b.c/d_e~f-g", "/a/b.c/d_e~f-g"),
        ("/-x", "/-x"),
    ],
)
def test_a_path_has_no_slash_at_its_end(text: str, path: str) -> None:
    assert addresses.path(text) == path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sales", 'a path starts with "/": write "/sales"'),
        ("//sales", '"//sales" has an empty, "." or ".." part'),
        ("/a/../b", '"/a/../b" has an empty, "." or ".." part'),
        ("/a/./b", '"/a/./b" has an empty, "." or ".." part'),
        ("/a%2eb", '"/a%2eb" contains "%"; use letters, digits, "-", "_", "." and "~"'),
        ("/a?b", '"/a?b" contains "?"; use letters, digits, "-", "_", "." and "~"'),
        ("/a;b", '"/a;b" contains ";"; use letters, digits, "-", "_", "." and "~"'),
        ("/a b", '"/a b" contains " "; use letters, digits, "-", "_", "." and "~"'),
        ("/größe", '"/größe" contains "ö"; use letters, digits, "-", "_", "." and "~"'),
        ("/-", '"/-" is reserved: everything under "/-/" is Portico\'s own (sign-in, profile, ...)'),
        ("/-/x", '"/-/x" is reserved: everything under "/-/" is Portico\'s own (sign-in, profile, ...)'),
    ],
)
def test_a_path_that_could_be_read_in_two_ways_is_refused(text: str, line: str) -> None:
    assert wrong(addresses.path, text) == line


@given(st.text(max_size=30))
def test_a_path_that_is_accepted_is_safe_in_nginx_and_reads_back_as_itself(text: str) -> None:
    try:
        path = addresses.path(text)
    except Wrong:
        return
    assert addresses.path(path) == path
    assert not set(path) & set(" \t\n\"'{};$%?#\\*<>()[]|^`")
    assert "//" not in path
    assert "/../" not in f"{path}/"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("https://sales.example.com", "only the host name belongs here: "),
        ("sales.example.com:80", "only the host name belongs here: "),
        ("sales_1.example.com", "not a host name: "),
        ("-a.example.com", "not a host name: "),
        ("a..example.com", "not a host name: "),
        ("10.0.0.1", "a host is a name, not the address "),
        ("*.example.com", "not a host name: "),
    ],
)
def test_what_is_no_host_name_gets_a_line(text: str, line: str) -> None:
    assert wrong(addresses.host, text).startswith(line + f'"{text}"')


def test_a_host_name_is_lower_case_without_a_dot_at_its_end() -> None:
    assert addresses.host("Sales.Example.COM.") == "sales.example.com"


@pytest.mark.parametrize("host", ["localhost", "sales.localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_a_name_of_this_machine_is_loopback(host: str) -> None:
    assert addresses.is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com", "10.0.0.1", "0.0.0.0"])
def test_any_other_name_is_not_loopback(host: str) -> None:
    assert not addresses.is_loopback(host)


@pytest.mark.parametrize(
    ("text", "network"), [("10.0.0.7", "10.0.0.7"), ("10.1.2.3/8", "10.0.0.0/8"), ("::1", "::1")]
)
def test_a_trusted_proxy_is_an_address_or_a_network(text: str, network: str) -> None:
    assert addresses.proxy(text) == network


def test_a_trusted_proxy_that_is_a_name_gets_a_line() -> None:
    assert (
        wrong(addresses.proxy, "proxy") == 'not an IP address or network: "proxy"; write it like "10.0.0.0/8"'
    )


def test_the_short_postgres_scheme_of_hosting_services_becomes_the_full_one() -> None:
    assert addresses.database("postgres://u:p@db/site") == "postgresql://u:p@db/site"


@pytest.mark.parametrize(
    "text", ["postgresql+psycopg://u:p@db/site", "sqlite:///a.db", "sqlite:////srv/a.db"]
)
def test_a_database_is_sqlite_or_postgresql(text: str) -> None:
    assert addresses.database(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hunter2@db", 'not a database URL; write it like "postgresql://user:password@host/name"'),
        ("mysql+pymysql://u:hunter2@db/x", '"mysql" is not supported; use sqlite:/// or postgresql://'),
        ("sqlite://", 'a database in memory is lost at every restart; name a file: "sqlite:///portico.db"'),
        (
            "sqlite:///:memory:",
            'a database in memory is lost at every restart; name a file: "sqlite:///portico.db"',
        ),
    ],
)
def test_another_database_gets_a_line_without_its_password(text: str, line: str) -> None:
    assert wrong(addresses.database, text) == line
    assert "hunter2" not in line

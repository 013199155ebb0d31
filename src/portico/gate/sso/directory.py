"""An LDAP directory as a source of passwords: finds the one entry for what somebody typed, and binds as it."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from portico.errors import UserError
from portico.gate.sso.calls import Calls, SilentError
from portico.gate.sso.statement import Statement
from portico.gate.sso.web import BadAnswerError
from portico.site import Directory

if TYPE_CHECKING:
    from ldap.ldapobject import LDAPObject

SOURCE = "ldap"
GUID = "objectguid"
Entry = tuple[str, Mapping[str, list[bytes]]]


class DirectoryClient:
    """Asks one directory; shared by the gate's threads. A connection lives for one question."""

    def __init__(self, directory: Directory) -> None:
        try:
            import ldap  # noqa: F401  asked for early, so that a start says what is missing
        except ImportError:
            raise UserError(
                'ldap: needs a library that is not installed; run pip install "portico[ldap]"'
            ) from None
        self.title = directory.title[:1].upper() + directory.title[1:]
        self._directory = directory
        self._calls = Calls(directory.title, directory.timeout)

    def verify(self, login: str, password: str) -> Statement | None:
        """What the directory says about whoever has this login and password; None when they are not right.

        SilentError, BadAnswerError.
        """
        from ldap.filter import escape_filter_chars

        return self._verify(
            self._directory.filter.replace("{login}", escape_filter_chars(login.strip())), password
        )

    def verify_again(self, subject: str, password: str) -> Statement | None:
        """The same for somebody whom the directory has told about before."""
        return self._verify(f"({self._directory.id}={self._as_filter(subject)})", password)

    def _verify(self, query: str, password: str) -> Statement | None:
        # A bind with a name and no password succeeds in many directories, as nobody (RFC 4513, 5.1.2)
        if not password or "\0" in password:
            return None
        return self._calls.ask(lambda: self._ask(query, password))

    def _ask(self, query: str, password: str) -> Statement | None:
        directory = self._directory
        with self._connection(directory.bind_dn, directory.password) as searching:
            if searching is None:
                raise BadAnswerError(f"the directory refuses {directory.bind_dn or 'anonymous searches'}")
            found = self._search(searching, directory.base, query, self._wanted())
            # Nobody, or somebody whom the filter does not tell from others: the bind fails, after the same steps
            dn = found[0][0] if len(found) == 1 else f"cn=nobody,{directory.base}"
            with self._connection(dn, password) as proven:
                if proven is None or len(found) != 1:
                    return None
            return self._statement(found[0], self._groups(searching, found[0]))

    @contextmanager
    def _connection(self, dn: str | None, password: str | None) -> Iterator[LDAPObject | None]:
        """A connection as this entry, encrypted before anything is said; None when the directory refuses it."""
        import ldap

        connection = ldap.initialize(self._directory.url)
        try:
            self._prepare(connection)
            if self._directory.url.startswith("ldap:") and self._directory.start_tls:
                connection.start_tls_s()
            try:
                connection.simple_bind_s(dn or "", password or "")
            except (
                ldap.INVALID_CREDENTIALS,
                ldap.INAPPROPRIATE_AUTH,
                ldap.UNWILLING_TO_PERFORM,
                ldap.INVALID_DN_SYNTAX,
                ldap.NO_SUCH_OBJECT,
            ):
                yield None
                return
            yield connection
        except (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT, ldap.UNAVAILABLE, ldap.BUSY) as error:
            raise SilentError(f"the directory gives no answer: {_said(error)}") from error
        except ldap.LDAPError as error:
            raise BadAnswerError(f"the directory refuses: {_said(error)}") from error
        finally:
            with suppress(ldap.LDAPError):
                connection.unbind_s()

    def _prepare(self, connection: LDAPObject) -> None:
        """Time limits, no referrals to other servers, and a certificate that must be good for this very name."""
        import ldap

        seconds = self._directory.timeout
        connection.set_option(ldap.OPT_PROTOCOL_VERSION, 3)
        connection.set_option(ldap.OPT_REFERRALS, 0)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, seconds)
        connection.set_option(ldap.OPT_TIMEOUT, seconds)
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        trusted = self._directory.ca or ssl.get_default_verify_paths().cafile
        if trusted is not None:
            connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(trusted))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # the last: it puts the others into force

    def _search(self, connection: LDAPObject, base: str, query: str, wanted: list[str]) -> list[Entry]:
        """The entries below a base, two at most are of interest; an answer that points to another server is none."""
        import ldap

        try:
            found = connection.search_ext_s(base, ldap.SCOPE_SUBTREE, query, wanted, sizelimit=1000)
        except ldap.SIZELIMIT_EXCEEDED:
            raise BadAnswerError("the directory finds more entries than it shows") from None
        return [(dn, {name.lower(): values for name, values in entry.items()}) for dn, entry in found if dn]

    def _wanted(self) -> list[str]:
        directory = self._directory
        named = (directory.mail, directory.display_name, directory.id, directory.groups)
        return [name for name in named if name]

    def _groups(self, connection: LDAPObject, entry: Entry) -> set[str]:
        """The entries of the person's groups."""
        from ldap.filter import escape_filter_chars

        directory = self._directory
        listed = entry[1].get((directory.groups or "").lower(), [])
        found = {value.decode("utf-8", "replace") for value in listed}
        if directory.group_base and directory.group_filter:
            query = directory.group_filter.replace("{dn}", escape_filter_chars(entry[0]))
            found |= {dn for dn, _ in self._search(connection, directory.group_base, query, ["1.1"])}
        return found

    def _statement(self, entry: Entry, groups: set[str]) -> Statement:
        directory, values = self._directory, entry[1]
        subject = self._as_text(values.get(directory.id.lower(), []))
        if not subject:
            raise BadAnswerError(
                f"the entry {entry[0]} has no {directory.id}; ldap.id names what all entries have"
            )
        return Statement(
            source=SOURCE,
            title=directory.title,
            issuer=SOURCE,
            subject=subject[:255],
            email=_first(values.get(directory.mail.lower(), [])),
            email_verified=True,
            name=_first(values.get(directory.display_name.lower(), [])),
            groups=_known(groups, {group for group, _ in directory.roles}),
        )

    def _as_text(self, values: list[bytes]) -> str:
        if self._directory.id.lower() == GUID and values and len(values[0]) == 16:
            return str(uuid.UUID(bytes_le=values[0]))
        return _first(values)

    def _as_filter(self, subject: str) -> str:
        from ldap.filter import escape_filter_chars

        if self._directory.id.lower() == GUID:
            return "".join(f"\\{byte:02x}" for byte in uuid.UUID(subject).bytes_le)
        return str(escape_filter_chars(subject))


def _first(values: list[bytes]) -> str:
    return values[0].decode("utf-8", "replace").strip() if values else ""


def _known(groups: set[str], named: set[str]) -> tuple[str, ...]:
    """Those of the named groups that the person is in: by their whole entry, or by the first part of it alone."""
    entries = {_canonical(dn) for dn in groups}
    names = {_canonical(dn).partition(",")[0].partition("=")[2] for dn in groups}
    return tuple(
        sorted(
            name for name in named if (_canonical(name) in entries if "=" in name else name.lower() in names)
        )
    )


def _canonical(dn: str) -> str:
    """One spelling for an entry's name."""
    from ldap import DECODING_ERROR
    from ldap.dn import dn2str, str2dn

    try:
        return str(dn2str(str2dn(dn))).lower()
    except DECODING_ERROR:
        return dn.lower()


def _said(error: Any) -> str:
    """What the library says, without what somebody typed."""
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    return f"{type(error).__name__} {told.get('desc', '')} {told.get('info', '')}".strip()

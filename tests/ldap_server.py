"""A real directory for the tests: Debian's slapd on loopback, with a certificate, groups, and Active Directory's names."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oidc_provider import free_port

BASE = "dc=example,dc=org"
READER, READER_PASSWORD = f"cn=portico,{BASE}", "reads people"
PASSWORD = "the directory's own words"
GUID = bytes(range(16))

# What Active Directory calls its people, as far as a sign-in looks at it
SCHEMA = """
attributetype ( 1.3.6.1.4.1.4203.666.1.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.2 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.3 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.2.1 NAME 'adPerson' AUXILIARY
  MAY ( sAMAccountName $ userPrincipalName $ objectGUID ) )
"""
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include {folder}/ad.schema
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
TLSCACertificateFile {folder}/ca.crt
TLSCertificateFile {folder}/server.crt
TLSCertificateKeyFile {folder}/server.key
allow bind_anon_cred bind_anon_dn
database mdb
maxsize 10485760
suffix "{base}"
rootdn "cn=root,{base}"
rootpw root
directory {folder}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""
LDIF = """
dn: {base}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: portico
userPassword: {reader_password}

dn: uid=anna,ou=people,{base}
objectClass: inetOrgPerson
objectClass: adPerson
uid: anna
cn: Anna Example
sn: Example
mail: Anna@example.org
sAMAccountName: aexample
userPrincipalName: anna@corp.example.org
objectGUID:: {guid}
userPassword: {password}

dn: uid=bert,ou=people,{base}
objectClass: inetOrgPerson
uid: bert
cn: Bert (Sales) *
sn: Example
mail: bert@example.org
userPassword: {password}

dn: uid=nomail,ou=people,{base}
objectClass: inetOrgPerson
uid: nomail
cn: Without Mail
sn: Mail
userPassword: {password}

dn: cn=sales,ou=groups,{base}
objectClass: groupOfNames
cn: sales
member: uid=anna,ou=people,{base}

dn: cn=others,ou=groups,{base}
objectClass: groupOfNames
cn: others
member: uid=bert,ou=people,{base}
"""


def missing_part() -> str | None:
    """What is not on this machine that the directory needs; None when all is there."""
    if not (shutil.which("slapd") or Path("/usr/sbin/slapd").exists()) or not shutil.which("ldapadd"):
        return "slapd (and ldap-utils)"
    try:
        import ldap  # noqa: F401
    except ImportError:
        return "python-ldap"
    return None


@dataclass
class LdapServer:
    """The directory: where it is, and how to change what is in it."""

    folder: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it speaks in the clear, and StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Where it speaks TLS from the first byte."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ca(self) -> Path:
        """The certificate that its own is signed with."""
        return self.folder / "ca.crt"

    def start(self) -> None:
        """Run it until `stop`."""
        slapd = shutil.which("slapd") or "/usr/sbin/slapd"
        places = f"{self.url}/ {self.tls_url}/"
        config = str(self.folder / "slapd.conf")
        self.process = subprocess.Popen(
            [slapd, "-d", "0", "-h", places, "-f", config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.tls_port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("slapd does not listen")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def change(self, ldif: str) -> None:
        """Add or modify entries."""
        root = ["-x", "-H", self.url, "-D", f"cn=root,{BASE}", "-w", "root"]
        text = ldif.format(base=BASE)
        subprocess.run(
            ["ldapmodify", "-a", *root],
            input=text,
            text=True,
            check=True,
            timeout=20,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def running(folder: Path) -> Iterator[LdapServer]:
    """A directory with anna (in the group sales) and bert, for a while."""
    server = LdapServer(folder, free_port(), free_port())
    (folder / "data").mkdir()
    (folder / "ad.schema").write_text(SCHEMA)
    (folder / "slapd.conf").write_text(CONFIG.format(folder=folder, base=BASE, reader=READER))
    make_certificates(folder)
    server.start()
    try:
        server.change(
            LDIF.format(
                base=BASE,
                reader=READER,
                reader_password=READER_PASSWORD,
                password=PASSWORD,
                guid=base64.b64encode(GUID).decode(),
            )
        )
        yield server
    finally:
        server.stop()


def make_certificates(folder: Path, name: str = "server") -> None:
    """An authority and a certificate for 127.0.0.1, in PEM."""
    authority, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start, end = now - datetime.timedelta(hours=1), now + datetime.timedelta(days=1)

    def builder(who: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(who).issuer_name(issuer).public_key(public)
        return made.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)

    whole = builder(issuer, authority.public_key()).add_extension(x509.BasicConstraints(True, None), True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = builder(subject, key.public_key()).add_extension(names, False)
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(whole.sign(authority, hashes.SHA256()).public_bytes(pem))
    (folder / f"{name}.crt").write_bytes(leaf.sign(authority, hashes.SHA256()).public_bytes(pem))
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))

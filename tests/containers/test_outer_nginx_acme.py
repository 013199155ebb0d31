"""A certificate from a real ACME server (pebble): issued, served and renewed without anyone's hand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conftest import program
from outer_nginx import Container, Nginx, Place, docker, image, place, wait_until
from outer_nginx_tls import NAME, names, served, trusting_nobody

SOON = 12  # seconds until a new certificate is due for renewal: certbot renews 30 days before the end
CACHED = 6  # seconds until the last of nginx's processes has looked at the file again: ssl_certificate_cache

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    """A place with one copy of the site."""
    with image("nginx") as name, place(name) as one:
        one.site()
        yield one


@pytest.fixture(scope="module")
def certbot() -> Iterator[str]:
    """The image of the service `acme`."""
    with image("nginx/acme") as name:
        yield name


def write_authority(folder: Path) -> None:
    """What pebble shows to its clients when they speak to it, and what it is told."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pebble")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pebble")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "pebble.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "pebble.key").write_bytes(key.private_bytes(pem, *plain))
    settings = {
        "listenAddress": "0.0.0.0:14000",
        "managementListenAddress": "127.0.0.1:15000",
        "certificate": "/authority/pebble.pem",
        "privateKey": "/authority/pebble.key",
        "httpPort": 8080,
        "tlsPort": 8443,
        "certificateValidityPeriod": 30 * 24 * 3600 + SOON,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    folder.chmod(0o755)


def start_authority(here: Place, folder: Path, goal: str) -> None:
    """pebble, and a DNS server for which every name is `goal`. Both are this machine's own programs."""
    write_authority(folder)
    dns = ["-defaultIPv4", goal, "-defaultIPv6", "", "-dns01", ":8053"]
    off = ["-http01", "", "-https01", "", "-tlsalpn01", ""]
    mount = f"--volume={program('pebble-challtestsrv')}:/dns:ro"
    address = Container(here.start("debian:trixie-slim", "/dns", *dns, *off, options=[mount])).address()
    mounts = [
        f"--volume={program('pebble')}:/pebble:ro",
        f"--volume={folder}:/authority:ro",
        "--network-alias=pebble",
    ]
    quick = ["--env=PEBBLE_VA_NOSLEEP=1", "--env=PEBBLE_WFE_NONCEREJECT=0"]
    command = ["/pebble", "-config", "/authority/pebble.json", "-dnsserver", f"{address}:8053"]
    here.start("debian:trixie-slim", *command, options=[*mounts, *quick])


def start_certbot(here: Place, certbot: str, folder: Path, shared: list[str]) -> Container:
    """The service `acme` as docker-compose.yml has it, in a hurry."""
    settings = {
        "PORTICO_URL": f"https://{NAME}",
        "PORTICO_TLS_NAMES": "sales.example.com",
        "PORTICO_ACME_EMAIL": "admin@example.com",
        "PORTICO_ACME_SERVER": "https://pebble:14000/dir",
        "PORTICO_ACME_PERIOD": "2s",
        "PORTICO_ACME_RETRY": "2s",
        "REQUESTS_CA_BUNDLE": "/authority/pebble.pem",
    }
    locked = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp"]
    environment = [f"--env={name}={value}" for name, value in settings.items()]
    mount = f"--volume={folder}:/authority:ro"
    return Container(here.start(certbot, options=[*locked, *environment, mount, *shared]))


async def talk_until_renewed(nginx: Nginx, first: int) -> None:
    """Words through one WebSocket, each answered, while new connections find another certificate in time."""
    words, until = 0, time.monotonic() + 120
    async with websockets.connect(f"wss://127.0.0.1:{nginx.tls_port}/socket", ssl=trusting_nobody()) as link:
        while served(nginx).serial_number == first and time.monotonic() < until:
            await link.send(f"word {words}")
            assert await link.recv() == f"WORD {words}"
            words += 1
            await asyncio.sleep(0.3)
        await link.send("last")
        assert await link.recv() == "LAST"


def test_a_certificate_is_issued_and_renewed_and_nobody_is_cut_off(
    here: Place, certbot: str, tmp_path: Path
) -> None:
    """Until it is there a self-signed one stands in; each of certbot's is served as soon as it is written."""
    shared = [
        f"--volume={here.volume('certificates')}:/certificates",
        f"--volume={here.volume('challenges')}:/challenges",
    ]
    nginx = here.nginx(shared, url=f"https://{NAME}", tls="acme", tls_names="sales.example.com", tls_poll="1")
    assert "self-signed" in str(served(nginx).issuer)
    start_authority(here, tmp_path, nginx.address())
    renewer = start_certbot(here, certbot, tmp_path, shared)

    wait_until(lambda: "Pebble" in str(served(nginx).issuer), seconds=120)
    time.sleep(CACHED)
    issued = served(nginx)
    assert names(issued) == [NAME, "sales.example.com"]
    workers = nginx.workers()
    asyncio.run(talk_until_renewed(nginx, issued.serial_number))
    assert nginx.workers() == workers, "it was reloaded"
    renewed = served(nginx)
    assert "Pebble" in str(renewed.issuer)
    assert renewed.not_valid_after_utc > issued.not_valid_after_utc
    assert renewed.not_valid_before_utc - issued.not_valid_before_utc >= timedelta(seconds=SOON)

    keys = renewer.run("sh", "-c", "stat -Lc '%u %a' /certificates/acme/live/site/privkey.pem")
    assert keys.strip() == "101 600"
    started = time.monotonic()
    docker("stop", renewer.name)
    assert time.monotonic() - started < 8, "it did not end when it was asked to"

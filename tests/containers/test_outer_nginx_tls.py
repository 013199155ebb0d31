"""The outer nginx by TLS: which certificate, which protocols, how good, and that a change of any of it cuts nobody off."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import http3_client
from conftest import program
from outer_nginx import Nginx, Place, image, place, wait_until
from outer_nginx_tls import NAME, names, served, trusting_nobody

pytestmark = pytest.mark.timeout(300)


def write_pair(folder: Path) -> int:
    """An own certificate, as a company's authority may give it; its serial number."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").chmod(0o644)  # nginx is another user
    folder.chmod(0o755)
    return certificate.serial_number


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    """A place with one copy of the site."""
    with image("nginx") as name, place(name) as one:
        one.site()
        yield one


@pytest.fixture(scope="module")
def nginx(here: Place) -> Nginx:
    """On its first start: with a certificate that it made itself, in a volume."""
    volume = f"--volume={here.volume('self-signed')}:/certificates"
    return here.nginx(
        [volume], url=f"https://{NAME}", tls="self-signed", tls_names="sales.example.com, 192.0.2.1"
    )


@pytest.fixture
def client(nginx: Nginx) -> Iterator[httpx.Client]:
    """A browser, as far as HTTP/2 goes."""
    url = f"https://127.0.0.1:{nginx.tls_port}"
    with httpx.Client(base_url=url, verify=trusting_nobody(), http2=True, headers={"Host": NAME}) as one:
        yield one


def test_a_first_start_makes_a_certificate_for_the_sites_names_and_keeps_it(
    here: Place, nginx: Nginx
) -> None:
    """It is nobody's authority, lasts 90 days, and a second container on the volume serves the same."""
    certificate = served(nginx)
    assert names(certificate) == [NAME, "sales.example.com", "192.0.2.1"]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=90)
    volume = f"--volume={here.volume('self-signed')}:/certificates"
    again = here.nginx(
        [volume], url=f"https://{NAME}", tls="self-signed", tls_names="sales.example.com 192.0.2.1"
    )
    assert served(again).serial_number == certificate.serial_number
    assert "600" in again.run("stat", "-c", "%a", "/certificates/self-signed/privkey.pem")


def test_other_names_get_another_certificate(here: Place) -> None:
    """A certificate of an earlier address is not served for a new one."""
    volume = f"--volume={here.volume('moved')}:/certificates"
    first = here.nginx([volume], url="https://old.example.com", tls="self-signed")
    assert names(served(first)) == ["old.example.com"]
    first.remove()
    assert names(served(here.nginx([volume], url=f"https://{NAME}", tls="self-signed"))) == [NAME]


def test_plain_http_only_leads_to_tls(nginx: Nginx) -> None:
    """To the site's own names and no other, with path and method kept; and so does HTTP spoken to the TLS port.

    A program is refused instead: who redirects it hides that its token went in the clear.
    """
    with httpx.Client(base_url=nginx.url) as plain:
        for host, goal in (
            (NAME, NAME),
            ("sales.example.com", "sales.example.com"),
            ("evil.example.net", NAME),
        ):
            answer = plain.post("/sales/?a=1", headers={"Host": host})
            assert (answer.status_code, answer.headers["location"]) == (308, f"https://{goal}/sales/?a=1")
        assert plain.get("/.well-known/acme-challenge/none").status_code == 404
        assert plain.get("/-/api/v1/people", headers={"Host": NAME}).status_code == 403
        program = {"Host": "sales.example.com", "Authorization": "Bearer ptk_x"}
        assert plain.get("/sales/", headers=program).status_code == 403
    mistake = httpx.get(f"http://127.0.0.1:{nginx.tls_port}/sales/?a=1")
    assert (mistake.status_code, mistake.headers["location"]) == (308, f"https://{NAME}/sales/?a=1")


def test_http_1_2_and_3_tell_the_site_the_same(client: httpx.Client, nginx: Nginx) -> None:
    """And the first answer says that there is HTTP/3."""
    second = client.get("/echo")
    assert second.http_version == "HTTP/2"
    assert second.headers["alt-svc"] == 'h3=":443"; ma=86400'
    first = httpx.get(
        f"https://127.0.0.1:{nginx.tls_port}/echo", verify=trusting_nobody(), headers={"Host": NAME}
    )
    assert first.http_version == "HTTP/1.1"
    udp = nginx.published(8443, "udp")
    head, body = http3_client.get(udp, NAME, "/echo")
    assert head[":status"] == "200"
    for seen in (first.json(), second.json(), json.loads(body)):
        assert seen["headers"]["host"] == NAME
        assert seen["headers"]["x-forwarded-proto"] == "https"
        assert seen["headers"]["x-forwarded-for"]
    protocols = {line["protocol"]: line["tls"] for line in nginx.requests() if line["uri"] == "/echo"}
    assert protocols == {"HTTP/1.1": "TLSv1.3", "HTTP/2.0": "TLSv1.3", "HTTP/3.0": "TLSv1.3"}


def test_http3_can_be_turned_off(here: Place) -> None:
    """Where UDP does not get through; then it is not promised either."""
    nginx = here.nginx(url=f"https://{NAME}", tls="self-signed", http3="off")
    answer = httpx.get(f"https://127.0.0.1:{nginx.tls_port}/echo", verify=trusting_nobody())
    assert "alt-svc" not in answer.headers
    with pytest.raises((ConnectionError, TimeoutError)):
        http3_client.get(nginx.published(8443, "udp"), NAME, "/echo")


def test_browsers_are_told_to_stay_with_tls_only_when_the_certificate_is_real(
    here: Place, client: httpx.Client, tmp_path: Path
) -> None:
    """With a self-signed one nobody could come back; and the site's own word about it does not count."""
    assert (
        "strict-transport-security" not in client.get("/echo?strict-transport-security=max-age%3D1").headers
    )
    write_pair(tmp_path)
    for settings, value in (
        ({}, "max-age=63072000"),
        ({"hsts": "max-age=60; preload"}, "max-age=60; preload"),
    ):
        nginx = here.nginx(
            [f"--volume={tmp_path}:/certificates/own:ro"],
            url=f"https://{NAME}",
            tls="files",
            upstream="nobody:8000",
            **settings,
        )
        answer = httpx.get(f"https://127.0.0.1:{nginx.tls_port}/echo", verify=trusting_nobody())
        assert answer.status_code == 502
        assert answer.headers["strict-transport-security"] == value


def test_an_own_certificate_is_followed_when_it_changes(here: Place, tmp_path: Path) -> None:
    """Without a restart or a reload; while key and certificate do not match, the old pair stays."""
    first = write_pair(tmp_path)
    own = f"--volume={tmp_path}:/certificates/own:ro"
    nginx = here.nginx([own], url=f"https://{NAME}", tls="files", tls_poll="1")
    workers = nginx.workers()
    assert served(nginx).serial_number == first
    old_key = (tmp_path / "privkey.pem").read_bytes()
    second = write_pair(tmp_path)
    new_key = (tmp_path / "privkey.pem").read_bytes()
    (tmp_path / "privkey.pem").write_bytes(old_key)
    wait_until(lambda: "needs /certificates/own/fullchain.pem and its key" in nginx.logs())
    assert served(nginx).serial_number == first
    (tmp_path / "privkey.pem").write_bytes(new_key)
    wait_until(lambda: served(nginx).serial_number == second)
    assert nginx.workers() == workers


def test_a_reload_cuts_nobody_off(curl: Path, nginx: Nginx) -> None:
    """Downloads by HTTP/1.1 and 2 and a WebSocket go on in the old workers, new connections meet new ones."""
    before = nginx.workers()
    wanted = {"--http1.1": "1.1 400000", "--http2": "2 400000"}
    url = f"https://127.0.0.1:{nginx.tls_port}/download?seconds=4"
    downloads = {
        version: subprocess.Popen(
            [curl, "-sk", version, "-o", "/dev/null", "-w", "%{http_version} %{size_download}", url],
            stdout=subprocess.PIPE,
            text=True,
        )
        for version in wanted
    }

    async def talk() -> list[str]:
        said = []
        async with websockets.connect(
            f"wss://127.0.0.1:{nginx.tls_port}/socket", ssl=trusting_nobody()
        ) as link:
            for number in range(16):
                await link.send(f"word {number}")
                said.append(str(await link.recv()))
                await asyncio.sleep(0.25)
        return said

    with ThreadPoolExecutor(2) as pool:
        link = pool.submit(asyncio.run, talk())
        for _ in range(3):
            reload = pool.submit(nginx.run, "nginx", "-s", "reload")
            for _ in range(12):
                assert (
                    httpx.get(url.replace("/download", "/echo"), verify=trusting_nobody()).status_code == 200
                )
            reload.result()
        assert link.result() == [f"WORD {number}" for number in range(16)]
    assert {version: download.communicate(timeout=30)[0] for version, download in downloads.items()} == wanted
    wait_until(lambda: len(nginx.workers()) == len(before))
    assert not nginx.workers() & before


@pytest.mark.parametrize("profile", ["intermediate", "modern"])
def test_sslyze_finds_what_mozillas_guideline_asks_for_and_nothing_weak(
    here: Place, tmp_path: Path, profile: str
) -> None:
    """Exactly the profile's protocols, ciphers and curves, its HSTS and its life of a certificate; no known hole."""
    nginx = here.nginx(
        url="https://localhost", tls="self-signed", tls_profile=profile, hsts="max-age=63072000"
    )
    authority, report = tmp_path / "authority.pem", tmp_path / "report.json"
    authority.write_text(nginx.run("cat", "/certificates/self-signed/fullchain.pem"))
    graded = subprocess.run(
        [
            program("sslyze"),
            f"--mozilla_config={profile}",
            "--early_data",
            f"--certinfo_ca_file={authority}",
            f"--json_out={report}",
            f"localhost:{nginx.tls_port}",
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert f"localhost:{nginx.tls_port}: OK - Compliant." in graded.stdout, graded.stdout[-2000:]
    found = json.loads(report.read_text())["server_scan_results"][0]["scan_result"]
    accepted = {
        version: {
            suite["cipher_suite"]["name"] for suite in found[version]["result"]["accepted_cipher_suites"]
        }
        for version in found
        if version.endswith("_cipher_suites")
    }
    assert {version: suites for version, suites in accepted.items() if suites} == EXPECTED[profile]
    assert not found["heartbleed"]["result"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["result"]["is_vulnerable_to_ccs_injection"]
    assert not found["tls_compression"]["result"]["supports_compression"]
    assert not found["tls_1_3_early_data"]["result"]["supports_early_data"]
    assert not found["session_renegotiation"]["result"]["is_vulnerable_to_client_renegotiation_dos"]
    assert found["robot"]["result"]["robot_result"].startswith("NOT_VULNERABLE")


def test_the_key_exchange_withstands_quantum_computers_where_openssl_has_it(nginx: Nginx) -> None:
    """X25519MLKEM768 first, for clients that know it."""
    if "X25519MLKEM768" not in nginx.run("openssl", "list", "-kem-algorithms"):
        pytest.skip("the image's OpenSSL is older than 3.5")
    said = nginx.run("sh", "-c", "openssl s_client -connect 127.0.0.1:8443 </dev/null 2>&1")
    assert "Negotiated TLS1.3 group: X25519MLKEM768" in said


TLS_1_3 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
TLS_1_2 = {  # for an ECDSA certificate, as ours and certbot's are
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
}
EXPECTED = {
    "intermediate": {"tls_1_2_cipher_suites": TLS_1_2, "tls_1_3_cipher_suites": TLS_1_3},
    "modern": {"tls_1_3_cipher_suites": TLS_1_3},
}

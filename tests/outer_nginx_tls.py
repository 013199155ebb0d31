"""Looking at the outer nginx's TLS from outside."""

from __future__ import annotations

import socket
import ssl

from cryptography import x509

from outer_nginx import Nginx

NAME = "apps.example.com"


def trusting_nobody() -> ssl.SSLContext:
    """For tests of what is served, not of who vouches for it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def served(nginx: Nginx, version: ssl.TLSVersion | None = None) -> x509.Certificate:
    """The certificate of a new connection."""
    context = trusting_nobody()
    if version:
        context.minimum_version = context.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", nginx.tls_port), timeout=10)
    with context.wrap_socket(plain, server_hostname=NAME) as link:
        certificate = link.getpeercert(binary_form=True)
    assert certificate
    return x509.load_der_x509_certificate(certificate)


def names(certificate: x509.Certificate) -> list[str]:
    """Whom it is for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in found]

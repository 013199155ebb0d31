"""Passkeys (WebAuthn): what a browser is asked, and whether its answer is good.

The library webauthn checks signatures and formats; here is what it is told to expect. Relying party and origin come
from the site's declared URL, never from a request.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from portico.errors import UserError
from portico.gate.models import Passkey, Person
from portico.gate.origins import site_origin
from portico.site import Site

TIMEOUT = 120_000  # milliseconds that the browser gives people to find their key
LONGEST = 32_000  # characters of an answer
BASE64URL = re.compile("[A-Za-z0-9_-]+={0,2}")  # how browsers write the id of a passkey


class AnswerError(UserError):
    """The answer of a passkey is not good; the message is for the person."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What a new passkey said about itself."""

    credential: str
    public_key: bytes
    sign_count: int
    transports: str
    synced: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a known passkey said. `verified`: it has checked by PIN, finger or face who holds it."""

    sign_count: int
    verified: bool


def available(site: Site) -> bool:
    """Whether browsers allow passkeys at the site's address: https, or this machine, and a name, not a number."""
    host = relying_party(site)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return site.secure or host == "localhost" or host.endswith(".localhost")
    return False


def relying_party(site: Site) -> str:
    """The host name that passkeys belong to."""
    return urlsplit(site.url).hostname or ""


def handle_of(person: Person) -> bytes:
    """What a passkey keeps as the name of its account: it tells nothing about the person."""
    return hashlib.sha256(b"passkey-handle:" + person.fs_uniquifier.encode()).digest()


def creation_options(site: Site, person: Person, challenge: bytes, known: Iterable[Passkey]) -> str:
    """What a browser is told to make a passkey; JSON. Devices that hold one of `known` make no second one."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AttestationConveyancePreference,
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=relying_party(site),
        rp_name=site.name,
        user_id=handle_of(person),
        user_name=person.email,
        user_display_name=person.name or person.email,
        challenge=challenge,
        timeout=TIMEOUT,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json(options)


def request_options(site: Site, challenge: bytes, known: Iterable[Passkey] = (), *, verified: bool) -> str:
    """What a browser is told to use a passkey; JSON. Without `known`, the person picks among all for this site."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement as Verification

    options = generate_authentication_options(
        rp_id=relying_party(site),
        challenge=challenge,
        timeout=TIMEOUT,
        allow_credentials=_descriptors(known),
        user_verification=Verification.REQUIRED if verified else Verification.PREFERRED,
    )
    return options_to_json(options)


def challenge_in(answer: str) -> bytes:
    """The challenge that the answer claims to answer; AnswerError when it is no answer of a passkey."""
    from webauthn import base64url_to_bytes

    try:
        data = json.loads(base64url_to_bytes(_parsed(answer)["response"]["clientDataJSON"]))
        return base64url_to_bytes(data["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AnswerError(UNREADABLE) from None


def credential_in(answer: str) -> str:
    """The id of the passkey that answers; AnswerError when there is none."""
    found = _parsed(answer).get("id")
    if not isinstance(found, str) or not BASE64URL.fullmatch(found):
        raise AnswerError(UNREADABLE)
    return found


def handle_in(answer: str) -> bytes | None:
    """The name of the account that the passkey gives, if it does."""
    from webauthn import base64url_to_bytes

    try:
        found = _parsed(answer)["response"].get("userHandle")
        return base64url_to_bytes(found) if found else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AnswerError(UNREADABLE) from None


def check_new(site: Site, answer: str, challenge: bytes) -> NewPasskey:
    """The passkey that was made in answer to this challenge; AnswerError when the answer is not good."""
    from webauthn import verify_registration_response
    from webauthn.helpers.structs import CredentialDeviceType

    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying_party(site),
            expected_origin=site_origin(site),
        )
    except Exception as error:  # bad input raises many things; _refused lets bugs pass
        raise _refused(error) from error
    credential = _encoded(made.credential_id)
    if len(credential) > Passkey.credential.type.length:
        raise AnswerError(UNREADABLE)
    return NewPasskey(
        credential,
        made.credential_public_key,
        made.sign_count,
        _transports(answer),
        made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def check(site: Site, passkey: Passkey, answer: str, challenge: bytes, *, verified: bool) -> Answer:
    """What this passkey answered to the challenge; AnswerError when the answer is not good.

    The sign count is for the caller to compare: the library would only say that something is wrong.
    """
    from webauthn import verify_authentication_response

    try:
        given = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying_party(site),
            expected_origin=site_origin(site),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=verified,
        )
    except Exception as error:  # bad input raises many things; _refused lets bugs pass
        raise _refused(error) from error
    return Answer(given.new_sign_count, given.user_verified)


UNREADABLE = "The passkey’s answer could not be read. Try once more."
WRONG = "This passkey does not open this account."
UNVERIFIED = "Signing in with a passkey alone takes its PIN, fingerprint or face. Sign in with your password, then use it."


def _refused(error: Exception) -> AnswerError:
    """One sentence for whatever the library found; a mistake of ours in calling it is no answer's fault."""
    from webauthn.helpers.exceptions import WebAuthnException

    if not isinstance(error, WebAuthnException | ValueError | TypeError | KeyError):
        raise error
    return AnswerError(UNVERIFIED if "verification is required" in str(error) else WRONG)


def _parsed(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer) if len(answer) <= LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
        raise AnswerError(UNREADABLE)
    return found


def _transports(answer: str) -> str:
    """How the passkey can be reached, as the browser says: a hint for the next time."""
    from webauthn.helpers.structs import AuthenticatorTransport

    said = _parsed(answer)["response"].get("transports")
    known = [way.value for way in AuthenticatorTransport]
    return ",".join(way for way in known if isinstance(said, list) and way in said)


def _descriptors(passkeys: Iterable[Passkey]) -> list[Any]:
    from webauthn import base64url_to_bytes
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(passkey.credential),
            transports=[AuthenticatorTransport(way) for way in passkey.transports.split(",") if way] or None,
        )
        for passkey in passkeys
    ]


def _encoded(raw: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(raw)

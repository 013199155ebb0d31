"""Takes one proof of who somebody is, in the second step of a sign-in and wherever a fresh one is asked for."""

from __future__ import annotations

from enum import StrEnum

from portico.gate import clock
from portico.gate.factors import actions, challenges, passkeys, recovery, totp, tries, vault
from portico.gate.factors.passkeys import AnswerError
from portico.gate.models import Authenticator, Passkey, Person
from portico.gate.state import actor, gate, own_session


class Means(StrEnum):
    """With what."""

    AUTHENTICATOR = "authenticator"
    RECOVERY = "recovery code"
    PASSKEY = "passkey"


class WaitError(Exception):
    """Too many wrong codes: the next one is looked at after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries. Try again in {seconds} seconds.")
        self.seconds = seconds


def by_code(person: Person, text: str, *, recovery_codes: bool = True) -> Means | None:
    """With what this code proves the person; None when it is wrong. WaitError after too many wrong ones."""
    means = Means.AUTHENTICATOR if totp.is_code(text) else Means.RECOVERY
    known = recovery_codes or means is Means.AUTHENTICATOR
    db, who = gate().db, actor(person.email)
    if seconds := tries.take(db, who, person):
        raise WaitError(seconds)
    good = known and (
        _app_code(person, text) if means is Means.AUTHENTICATOR else _recovery_code(person, text)
    )
    if not good:
        actions.note_failed_step(db, who, person, means)
        return None
    tries.forgive(db, person)
    return means


def by_passkey(person: Person, answer: str, purpose: str, *, verified: bool = False) -> Means:
    """AnswerError unless one of the person's passkeys has answered a challenge of this browser for this purpose."""
    db, who = gate().db, actor(person.email)
    try:
        challenge = spent_challenge(answer, purpose)
        passkey = _own(person, passkeys.credential_in(answer))
        handle = passkeys.handle_in(answer)
        # Who signs in by nothing else is named by the passkey (WebAuthn, 7.2 step 6); a second step may be by a key
        # that keeps no names.
        if handle != passkeys.handle_of(person) and (verified or handle is not None):
            raise AnswerError(passkeys.WRONG)
        given = passkeys.check(gate().site, passkey, answer, challenge, verified=verified)
        if not actions.use_passkey(db, who, person, passkey, given):
            raise AnswerError(COPIED)
    except AnswerError:
        actions.note_failed_step(db, who, person, Means.PASSKEY)
        raise
    return Means.PASSKEY


def new_challenge(purpose: str) -> bytes:
    """A challenge that only this browser can answer, for this purpose."""
    return challenges.make(gate().secrets, purpose, own_session().form_secret())


def spent_challenge(answer: str, purpose: str) -> bytes:
    """The challenge that was answered, used up with it; AnswerError when it is not one of ours, or not any more."""
    challenge = passkeys.challenge_in(answer)
    if not challenges.is_ours(gate().secrets, challenge, purpose, own_session().form_secret()):
        raise AnswerError(LATE)
    if not challenges.spend(gate().db, challenge):
        raise AnswerError(LATE)
    return challenge


LATE = "That took too long. Try once more."
COPIED = "This passkey is closed: somebody may have a copy of it. Sign in another way, then remove it under Security."


def _own(person: Person, credential: str) -> Passkey:
    for passkey in actions.passkeys_of(gate().db, person):
        if passkey.credential == credential:
            return passkey
    raise AnswerError(passkeys.WRONG)


def _app_code(person: Person, text: str) -> bool:
    db = gate().db
    row = db.get(Authenticator, person.id, populate_existing=True)
    if row is None:
        return False
    secret = vault.unseal(gate().site, gate().secrets, person.fs_uniquifier, row.secret)
    step = totp.step_of(secret, text, clock.now(), row.last_step)
    return step is not None and actions.use_step(db, person, step)


def _recovery_code(person: Person, text: str) -> bool:
    db = gate().db
    salt = recovery.salt_of(db, person)
    if salt is None or len(recovery.normalised(text)) != recovery.LENGTH:
        return False
    return actions.use_recovery_code(db, actor(person.email), person, recovery.digest_of(text, salt))

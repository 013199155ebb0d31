"""Everything that changes somebody's second factors: one transaction each, with its audit line and a mail."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import clock, mail, sessions
from portico.gate.accounts.transactions import one_transaction
from portico.gate.accounts.ways_in import keeping_an_administrator
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.factors import recovery
from portico.gate.factors.holding import Holding, holding_of, is_required
from portico.gate.factors.passkeys import Answer, NewPasskey
from portico.gate.factors.recovery import CodeSet
from portico.gate.models import Authenticator, CodeTries, LinkedAccount, Passkey, Person, RememberedDevice
from portico.site import Site

MOST_PASSKEYS = 20
NAME = 60


class NotFirstError(UserError):
    """Somebody without a second factor was to set up the first one, and it is there already."""

    def __init__(self) -> None:
        super().__init__("This account has a second factor by now. Sign in with it.")


class LastFactorError(UserError):
    """Without this factor the person could not come in, or would have less than the site wants."""


@one_transaction
def add_authenticator(
    db: Session, actor: Actor, person: Person, *, sealed: str, step: int, codes: CodeSet, first: bool = False
) -> Sequence[str]:
    """Put this authenticator app in place of an earlier one; returns recovery codes to show where there were none.

    `step` is the half minute whose code confirmed the app: that code works no second time. `first`: NotFirstError
    when there is a second factor already, for then a password alone must not bring another one.
    """
    serialize(db)
    before = _before(db, person, first)
    db.execute(delete(Authenticator).where(Authenticator.person_id == person.id))
    db.add(Authenticator(person_id=person.id, secret=sealed, last_step=step))
    if before.authenticator:
        _forget_devices(db, person)
    note(db, actor, "authenticator-added", person.email, replaced=before.authenticator)
    mail.notify(db, person, "factor-added", what="an authenticator app", ip=actor.ip)
    return _first_codes(db, actor, person, before, codes)


@one_transaction
def add_passkey(
    db: Session,
    actor: Actor,
    person: Person,
    made: NewPasskey,
    *,
    name: str,
    codes: CodeSet,
    first: bool = False,
) -> Sequence[str]:
    """Add a passkey; returns recovery codes to show where there were none. UserError when it cannot be added.

    `first` as for an authenticator app.
    """
    serialize(db)
    before = _before(db, person, first)
    if before.passkeys >= MOST_PASSKEYS:
        raise UserError(f"You have {MOST_PASSKEYS} passkeys already. Remove one that you do not use.")
    passkey = Passkey(
        person_id=person.id,
        credential=made.credential,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=_name(name),
        transports=made.transports,
        synced=made.synced,
    )
    try:
        with db.begin_nested():
            db.add(passkey)
    except IntegrityError:
        raise UserError("This passkey is in use already.") from None
    note(db, actor, "passkey-added", person.email, name=passkey.name, id=passkey.id)
    mail.notify(db, person, "factor-added", what=f"the passkey “{passkey.name}”", ip=actor.ip)
    return _first_codes(db, actor, person, before, codes)


@one_transaction
def rename_passkey(db: Session, actor: Actor, person: Person, passkey_id: int, name: str) -> None:
    """Give one of the person's passkeys another name."""
    passkey = passkey_of(db, person, passkey_id)
    passkey.name = _name(name)
    note(db, actor, "passkey-renamed", person.email, name=passkey.name, id=passkey.id)


@one_transaction
def remove_passkey(db: Session, actor: Actor, site: Site, person: Person, passkey_id: int) -> None:
    """Take one of the person's passkeys away; LastFactorError where it is the last way in."""
    serialize(db)
    passkey = passkey_of(db, person, passkey_id)
    held = holding_of(db, person)
    left = Holding(held.authenticator, held.passkeys - (0 if passkey.copied else 1), held.codes)
    _keep_a_way_in(db, site, person, left)
    db.delete(passkey)
    note(db, actor, "passkey-removed", person.email, name=passkey.name, id=passkey.id)
    mail.notify(db, person, "factor-removed", what=f"the passkey “{passkey.name}”", ip=actor.ip)
    tidy_up(db, person, left)


@one_transaction
def remove_authenticator(db: Session, actor: Actor, site: Site, person: Person) -> None:
    """Take the authenticator app away; LastFactorError where the site wants a second factor and this is the last."""
    serialize(db)
    held = holding_of(db, person)
    if not held.authenticator:
        return
    left = Holding(False, held.passkeys, held.codes)
    _keep_a_way_in(db, site, person, left)
    db.execute(delete(Authenticator).where(Authenticator.person_id == person.id))
    note(db, actor, "authenticator-removed", person.email)
    mail.notify(db, person, "factor-removed", what="the authenticator app", ip=actor.ip)
    tidy_up(db, person, left)


@one_transaction
def renew_codes(db: Session, actor: Actor, person: Person, codes: CodeSet) -> Sequence[str]:
    """Put new recovery codes in place of the old ones; returns them, they can never be shown again."""
    recovery.keep(db, person, codes)
    note(db, actor, "recovery-codes-renewed", person.email)
    mail.notify(db, person, "recovery-codes-renewed", ip=actor.ip)
    return codes.codes


@one_transaction
def use_recovery_code(db: Session, actor: Actor, person: Person, digest: str) -> bool:
    """Use a recovery code up; False when it is none. Of two at once, one gets it."""
    if not recovery.use(db, person, digest):
        return False
    left = recovery.left(db, person)
    note(db, actor, "recovery-code-used", person.email, left=left)
    mail.notify(db, person, "recovery-code-used", left=left, ip=actor.ip)
    return True


@one_transaction
def use_step(db: Session, person: Person, step: int) -> bool:
    """Use the code of this half minute up; False when it, or one after it, was used. Of two at once, one gets it."""
    used = db.execute(
        update(Authenticator)
        .where(Authenticator.person_id == person.id, Authenticator.last_step < step)
        .values(last_step=step, last_used_at=clock.now())
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


@one_transaction
def use_passkey(db: Session, actor: Actor, person: Person, passkey: Passkey, given: Answer) -> bool:
    """Note the use of a passkey. False when its count did not grow: then somebody has a copy, and it is closed."""
    serialize(db)
    db.refresh(passkey)
    if passkey.copied:
        return False
    if (given.sign_count or passkey.sign_count) and given.sign_count <= passkey.sign_count:
        passkey.copied = True
        _forget_devices(db, person)
        note(db, actor, "passkey-copied", person.email, name=passkey.name, id=passkey.id)
        mail.notify(db, person, "passkey-copied", name=passkey.name, ip=actor.ip)
        return False
    passkey.sign_count = given.sign_count
    passkey.last_used_at = clock.now()
    return True


@one_transaction
def reset_second_factor(db: Session, actor: Actor, site: Site, person: Person) -> None:
    """Take all of somebody's second factors away, for whoever has lost them: all sessions end, devices are forgotten.

    Whether it is really that person who asks is for the administrator to find out. LastWayError when no administrator
    could sign in any more.
    """
    serialize(db)
    held = holding_of(db, person)
    with keeping_an_administrator(db, site):
        for table in (Authenticator, Passkey, RememberedDevice, CodeTries):
            db.execute(delete(table).where(table.person_id == person.id))
    recovery.forget(db, person)
    ended = sessions.end_others(db, person, keep=None)
    note(
        db,
        actor,
        "second-factor-reset",
        person.email,
        authenticator=held.authenticator,
        passkeys=held.passkeys,
        sessions_ended=ended,
    )
    mail.notify(db, person, "second-factor-reset", by=actor.name)


@one_transaction
def note_failed_step(db: Session, actor: Actor, person: Person, means: str) -> None:
    """Write down that the second step, or a fresh proof, was wrong."""
    note(db, actor, "second-step-failed", person.email, means=means)


def passkeys_of(db: Session, person: Person) -> list[Passkey]:
    """The person's passkeys, the oldest first."""
    return list(db.scalars(select(Passkey).where(Passkey.person_id == person.id).order_by(Passkey.id)))


def passkey_of(db: Session, person: Person, passkey_id: int) -> Passkey:
    """One of the person's own passkeys; UserError when there is no such one."""
    found = db.scalar(select(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == person.id))
    if found is None:
        raise UserError("You have no such passkey.")
    return found


def _before(db: Session, person: Person, first: bool) -> Holding:
    held = holding_of(db, person)
    if first and held.any:
        raise NotFirstError
    return held


def _first_codes(db: Session, actor: Actor, person: Person, before: Holding, codes: CodeSet) -> Sequence[str]:
    if before.any and before.codes:
        return ()
    recovery.keep(db, person, codes)
    note(db, actor, "recovery-codes-renewed", person.email)
    return codes.codes


def _keep_a_way_in(db: Session, site: Site, person: Person, left: Holding) -> None:
    if left.any:
        return
    elsewhere = select(LinkedAccount.id).where(LinkedAccount.person_id == person.id).limit(1)
    if person.password is None and db.scalar(elsewhere) is None:
        raise LastFactorError("This is your only way in. Set a password or add another passkey first.")
    if is_required(db, site, person):
        raise LastFactorError("Your account must have a second factor. Add another one first.")


def tidy_up(db: Session, person: Person, left: Holding) -> None:
    """After a factor has gone, in the caller's transaction: without any, recovery codes stand in for nothing.

    A device that was remembered by the factor that goes may be in the same wrong hands: all are asked again.
    """
    if not left.any:
        recovery.forget(db, person)
    _forget_devices(db, person)


def _forget_devices(db: Session, person: Person) -> None:
    db.execute(delete(RememberedDevice).where(RememberedDevice.person_id == person.id))


def _name(text: str) -> str:
    tidy = " ".join("".join(letter for letter in text if letter.isprintable()).split())
    return tidy[:NAME] or "Passkey"

"""Recovery codes: for the day on which phone and keys are gone. Each works once, and only its digest is kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portico.gate.accounts.passwords import MEMORY_COST, PARALLELISM, TIME_COST
from portico.gate.models import Person, RecoveryCode

COUNT = 10
LENGTH = 12  # 60 random bits
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_SEEN_AS = str.maketrans("oil", "011")


@dataclass(frozen=True, slots=True)
class CodeSet:
    """New codes for showing, and what is kept of them."""

    codes: Sequence[str]
    salt: str
    digests: Sequence[str]


def make() -> CodeSet:
    """A set of new codes. It takes a good part of a second, so it is made before the transaction that keeps it."""
    salt = secrets.token_hex(16)
    plain = ["".join(secrets.choice(_LETTERS) for _ in range(LENGTH)) for _ in range(COUNT)]
    shown = ["-".join(re.findall("....", code)) for code in plain]
    return CodeSet(shown, salt, [_digest(code, salt) for code in plain])


def keep(db: Session, person: Person, codes: CodeSet) -> None:
    """Put these codes in place of the person's earlier ones."""
    forget(db, person)
    db.add_all(RecoveryCode(person_id=person.id, salt=codes.salt, digest=digest) for digest in codes.digests)


def forget(db: Session, person: Person) -> None:
    """Take all codes away."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))


def left(db: Session, person: Person) -> int:
    """How many codes the person has not used yet."""
    count = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.person_id == person.id)
    return db.scalar(count) or 0


def salt_of(db: Session, person: Person) -> str | None:
    """What the person's codes are salted with; None when there are none left."""
    return db.scalar(select(RecoveryCode.salt).where(RecoveryCode.person_id == person.id).limit(1))


def digest_of(text: str, salt: str) -> str:
    """The digest of a code as somebody typed it."""
    return _digest(normalised(text), salt)


def use(db: Session, person: Person, digest: str) -> bool:
    """Take the code with this digest away; of two at once, one gets it."""
    taken = db.execute(
        delete(RecoveryCode).where(RecoveryCode.person_id == person.id, RecoveryCode.digest == digest)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def normalised(text: str) -> str:
    """The code without what people put between and with the letters that they mistake set right."""
    return re.sub(r"[^0-9a-z]", "", text.lower())[:100].translate(_SEEN_AS)


def _digest(code: str, salt: str) -> str:
    return hash_secret_raw(
        code.encode(),
        bytes.fromhex(salt),
        time_cost=TIME_COST,
        memory_cost=MEMORY_COST,
        parallelism=PARALLELISM,
        hash_len=32,
        type=Type.ID,
    ).hex()

"""Encrypted backups: with a passphrase or to public keys, in age's format, held to another program's reading of it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyrage
import pytest

from portico.errors import UserError
from portico.gate.backup import Key, Seal, age, opened, save
from portico.gate.backup.age_keys import public_key
from portico.gate.backup.sealing import needs_passphrase, seal, unseal

from .conftest import MakePlace, inhabit

SIZES = (0, 1, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 3 * age.CHUNK)
PASSPHRASE = "tall white columns"


@pytest.fixture(autouse=True)
def _little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second for each passphrase is for attackers."""
    monkeypatch.setattr(age, "WORK", 12)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A file to encrypt."""
    file = tmp_path / "plain"
    file.write_bytes(b"the secrets of the house" * 4000)
    return file


def back(file: Path, key: Key) -> bytes:
    """What the key makes of the file."""
    out = file.with_name("out")
    out.unlink(missing_ok=True)
    unseal(file, out, key)
    assert out.stat().st_mode & 0o777 == 0o600
    return out.read_bytes()


@pytest.mark.parametrize("size", SIZES)
def test_another_program_opens_what_we_seal(size: int) -> None:
    """rage, by pyrage: for a passphrase, and for each of several keys."""
    content, keys = os.urandom(size), [pyrage.x25519.Identity.generate() for _ in range(2)]
    sealed = io.BytesIO()
    age.encrypt(io.BytesIO(content), sealed, PASSPHRASE, [])
    assert pyrage.passphrase.decrypt(sealed.getvalue(), PASSPHRASE) == content
    for key in keys:
        sealed = io.BytesIO()
        age.encrypt(io.BytesIO(content), sealed, None, [public_key(str(each.to_public())) for each in keys])
        assert pyrage.decrypt(sealed.getvalue(), [key]) == content


@pytest.mark.parametrize("size", SIZES)
def test_we_open_what_another_program_seals(size: int, tmp_path: Path) -> None:
    """Among other people's keys, in age's own identity file."""
    content, key = os.urandom(size), pyrage.x25519.Identity.generate()
    others = [pyrage.x25519.Identity.generate().to_public() for _ in range(2)]
    file = tmp_path / "sealed"
    file.write_bytes(pyrage.encrypt(content, [others[0], key.to_public(), others[1]]))
    assert not needs_passphrase(file)
    assert back(file, Key(identity=f"# created today\n{key}\n")) == content


def test_a_passphrase_opens_what_it_closed_and_another_does_not(plain: Path) -> None:
    """And without one, the message says where to put it."""
    content = plain.read_bytes()
    seal(plain, Seal(passphrase=PASSPHRASE))
    assert plain.read_bytes().startswith(b"age-encryption.org/v1")
    assert b"house" not in plain.read_bytes()
    assert plain.stat().st_mode & 0o777 == 0o600
    assert needs_passphrase(plain)
    assert back(plain, Key(passphrase=PASSPHRASE)) == content
    with pytest.raises(UserError, match="this passphrase or key does not open it"):
        back(plain, Key(passphrase="short grey columns"))
    with pytest.raises(UserError, match="PORTICO_BACKUP_PASSPHRASE_FILE"):
        back(plain, Key())


def test_whoever_has_only_the_public_key_cannot_open_it(plain: Path) -> None:
    """The place that makes backups needs no secret for them."""
    key, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    seal(plain, Seal(recipients=[str(key.to_public())]))
    with pytest.raises(UserError, match="does not open it"):
        back(plain, Key(identity=str(stranger)))
    with pytest.raises(UserError, match="--identity FILE"):
        back(plain, Key())
    with pytest.raises(UserError, match="identity file cannot be read"):
        back(plain, Key(identity="a poem"))


@pytest.mark.parametrize("place", [30, 100, 180, 250, 40_000, -1])
def test_a_changed_byte_is_noticed(plain: Path, place: int) -> None:
    """In the header, in the wrapped key, in the content, in the last chunk."""
    seal(plain, Seal(passphrase=PASSPHRASE))
    content = bytearray(plain.read_bytes())
    content[place] ^= 1
    plain.write_bytes(content)
    with pytest.raises(UserError, match="cannot be decrypted"):
        back(plain, Key(passphrase=PASSPHRASE))


@pytest.mark.parametrize("kept", [30, 100, 200, 250, age.CHUNK, -1])
def test_a_cut_file_is_noticed(plain: Path, kept: int) -> None:
    """Also at the border of a chunk: the last one is marked."""
    plain.write_bytes(bytes(2 * age.CHUNK))
    seal(plain, Seal(passphrase=PASSPHRASE))
    content = plain.read_bytes()
    header = content.index(b"\n---")
    plain.write_bytes(
        content[: kept if kept != age.CHUNK else content.index(b"\n", header + 1) + 17 + age.CHUNK + 16]
    )
    with pytest.raises(UserError, match="cannot be decrypted"):
        back(plain, Key(passphrase=PASSPHRASE))


def test_a_file_that_asks_for_endless_work_is_refused(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the work is done."""
    seal(plain, Seal(passphrase=PASSPHRASE))
    monkeypatch.setattr(age, "MOST_WORK", 11)
    with pytest.raises(UserError, match=r"2\^12 rounds"):
        back(plain, Key(passphrase=PASSPHRASE))


@pytest.mark.parametrize(
    "stanza",
    ["scrypt", "scrypt AAAA", "scrypt AAAA x", "scrypt AAAA -1", "scrypt AAAA 0", "X25519", "X25519 AAAA",
     "X25519 " + "A" * 43],
)  # fmt: skip
def test_a_header_that_makes_no_sense_is_refused_in_one_line(stanza: str) -> None:
    """The last one is a key that agrees on the same secret with everybody."""
    header = f"{age.MARK.decode()}\n-> {stanza}\n{'A' * 43}\n--- {'A' * 43}\n"
    passphrase = "correct horse battery" if stanza.startswith("scrypt") else None
    with pytest.raises(age.SealError):
        age.decrypt(io.BytesIO(header.encode() + bytes(64)), io.BytesIO(), passphrase, [bytes(range(32))])


@pytest.mark.parametrize("text", ["age1nonsense", "", "ssh-ed25519 AAAA", "age1" + "q" * 58])
def test_a_public_key_that_is_none_is_named(plain: Path, text: str) -> None:
    """One line with the key, and how to make one."""
    with pytest.raises(UserError, match="age-keygen"):
        seal(plain, Seal(recipients=[text]))


def test_a_letter_typed_wrongly_in_a_key_is_noticed(plain: Path) -> None:
    """Nobody could open a backup to a key that nobody has."""
    key = str(pyrage.x25519.Identity.generate().to_public())
    wrong = key[:20] + ("q" if key[20] != "q" else "p") + key[21:]
    with pytest.raises(UserError, match="a letter of this key is wrong"):
        seal(plain, Seal(recipients=[wrong]))


def test_an_encrypted_backup_says_so_in_its_name(make_place: MakePlace) -> None:
    """.tar.gz.age, and it opens to a whole backup."""
    site = make_place("source")
    inhabit(site)
    key = pyrage.x25519.Identity.generate()
    saved = save(site, None, Seal(recipients=[str(key.to_public())]))
    assert saved.encrypted
    assert saved.file.name.endswith(".tar.gz.age")
    with opened(saved.file, Key(identity=str(key))) as backup:
        assert backup.manifest.tables["person"].rows == 3


def test_neither_seal_nor_key_shows_its_secret() -> None:
    """In a traceback or a log."""
    assert "columns" not in repr(Seal(passphrase="columns")) + repr(Key("columns", "columns"))

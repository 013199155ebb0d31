"""Setting up a second factor: the same for somebody who is in and for somebody who must have one to come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template

from portico.gate import clock
from portico.gate.factors import actions, passkeys, proof, recovery, totp, tries, vault
from portico.gate.factors.forms import NewAuthenticatorForm, NewPasskeyForm
from portico.gate.factors.proof import WaitError
from portico.gate.factors.vault import VaultError
from portico.gate.models import Person
from portico.gate.state import actor, gate

Codes = Sequence[str]
WRONG_CODE = "That is not the code that the app shows for this secret. Is the clock of your phone right?"


def show_authenticator(form: NewAuthenticatorForm, person: Person) -> dict[str, Any]:
    """What the page needs to show: the secret that the form holds, or a new one."""
    secret = _secret_in(form, person)
    if secret is None:
        secret = totp.new_secret()
        form.sealed.data = vault.seal(gate().secrets, person.fs_uniquifier, secret)
    address = totp.address(gate().site.name, person.email, secret)
    return {"picture": totp.picture(address), "secret": totp.grouped(secret), "address": address}


def add_authenticator(form: NewAuthenticatorForm, person: Person, *, first: bool = False) -> Codes | None:
    """Keep the app whose code the form holds; recovery codes to show, None when the code is wrong."""
    db, who = gate().db, actor(person.email)
    secret = _secret_in(form, person)
    if secret is None:
        form.code.errors = ["That page was open for too long. Here is a new secret."]
        return None
    if seconds := tries.take(db, who, person):
        raise WaitError(seconds)
    step = totp.step_of(secret, form.code.data, clock.now(), after=0)
    if step is None:
        form.code.errors = [WRONG_CODE]
        return None
    tries.forgive(db, person)
    return actions.add_authenticator(
        db, who, person, sealed=form.sealed.data, step=step, codes=recovery.make(), first=first
    )


def creation_options(person: Person, purpose: str) -> str:
    """What a browser is told to make a passkey; JSON."""
    challenge = proof.new_challenge(purpose)
    known = actions.passkeys_of(gate().db, person)
    return passkeys.creation_options(gate().site, person, challenge, known)


def add_passkey(form: NewPasskeyForm, person: Person, purpose: str, *, first: bool = False) -> Codes:
    """Keep the passkey that the form holds; recovery codes to show. UserError when it is not good."""
    answer = form.credential.data or ""
    challenge = proof.spent_challenge(answer, purpose)
    made = passkeys.check_new(gate().site, answer, challenge)
    name = form.name.data or ""
    return actions.add_passkey(
        gate().db, actor(person.email), person, made, name=name, codes=recovery.make(), first=first
    )


def codes_page(codes: Codes, onward: str) -> str:
    """Show recovery codes, once."""
    return render_template("factors/codes.html", codes=codes, onward=onward)


def _secret_in(form: NewAuthenticatorForm, person: Person) -> str | None:
    try:
        return vault.unseal(gate().site, gate().secrets, person.fs_uniquifier, form.sealed.data or "")
    except VaultError:
        return None

"""Who may make an account for themselves: what `sign_up` in portico.toml says about an address."""

from __future__ import annotations

from portico.gate import mail
from portico.site import SignUp, Site


def is_open(site: Site) -> bool:
    """Whether the register form is there at all. An address at a domain proves something only when mail reaches it."""
    if site.sign_up is SignUp.DOMAIN:
        return mail.configured(site) and bool(site.sign_up_domains)
    return site.sign_up in (SignUp.OPEN, SignUp.ASK)


def refusal(site: Site, address: str) -> str | None:
    """Why the owner of this normalised address may not make an account without an invitation; None when they may."""
    if site.sign_up is SignUp.OPEN:
        return None
    if site.sign_up is SignUp.DOMAIN:
        if address.rpartition("@")[2] in site.sign_up_domains:
            return None
        return f"Accounts are for addresses at {_spoken(site.sign_up_domains)}."
    if site.sign_up is SignUp.ASK:
        return "Accounts are given by an administrator of the site. Ask for one on the register form."
    if site.sign_up is SignUp.INVITE:
        return "Accounts are made by invitation."
    return "This site is not open to new accounts."


def _spoken(domains: tuple[str, ...]) -> str:
    *most, last = domains or ("",)
    return f"{', '.join(most)} or {last}" if most else last

"""What the thread that delivers mail can be asked to find out, by name."""

from __future__ import annotations

from collections.abc import Mapping

from portico.gate.accounts import proofs, registration
from portico.gate.mail.delivery import Errand

ERRANDS: Mapping[str, Errand] = {
    proofs.FORGOTTEN: proofs.send_reset_link,
    proofs.NEW_ADDRESS: proofs.send_address_link,
    registration.SIGN_UP: registration.send_confirmation,
}

"""From what an operation or an action refuses to the answer that says so."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response

from portico.errors import UserError
from portico.gate.accounts.actions import AddressTakenError, LastAdministratorError, LinkSpentError
from portico.gate.accounts.session_actions import NoSuchSessionError
from portico.gate.accounts.ways_in import LastWayError
from portico.gate.admin.ways import NoSuchWayError
from portico.gate.problem_details import problem
from portico.gate.supervisor import NoSupervisorError

STATUS: tuple[tuple[type[UserError], int], ...] = (
    (AddressTakenError, 409),
    (LastAdministratorError, 409),
    (LastWayError, 409),
    (LinkSpentError, 404),
    (NoSuchSessionError, 404),
    (NoSuchWayError, 404),
    (NoSupervisorError, 503),
)


class RefusedError(Exception):
    """The API refuses; `problems` names the places that are wrong."""

    def __init__(self, status: int, detail: str, problems: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.problems = tuple(problems)


def refused(error: RefusedError) -> Response:
    """The answer for what an operation itself refuses."""
    return problem(error.status, error.detail, error.problems)


def mistaken(error: UserError) -> Response:
    """The answer for what an action refuses."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 422)
    return problem(status, str(error))

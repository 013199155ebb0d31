"""Schemathesis asks every operation of the API what nobody thought of: no answer is a crash or differs from the
description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from gate_client import GateUnderTest, make_app, make_site
from portico.gate.accounts import people
from portico.gate.api.operations import OPERATIONS, PREFIX
from portico.gate.audit import COMMAND_LINE
from portico.gate.tokens import actions as token_actions

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = 12  # of each operation, right and wrong ones: the whole file takes less than a minute
WITHOUT = {  # test_api.py asks for the first with every token there is; the second: a type does not say everything
    "ignored_auth",
    "positive_data_acceptance",
}


class Fuzzed:
    """A gate with a few people in it, its description as schemathesis reads it, and a token for everything."""

    def __init__(self, folder: Path) -> None:
        self.gate = GateUnderTest(make_site(folder, make_app("sales"), make_app("plan")))
        for email, role in (("root@example.org", "admin"), ("anna@example.org", "analyst")):
            self.gate.person(email, role)
        with self.gate.desk() as db:
            root = people.find_person(db, "root@example.org")
            self.token, _ = token_actions.issue_personal(
                db, COMMAND_LINE, self.gate.site, root, "fuzz", ("api",), timedelta(days=1)
            )
        schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", self.gate.app)
        self.operations = {}
        for found in schema.get_all_operations():
            operation = found.ok()
            self.operations[operation.definition.raw["operationId"]] = operation


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """One gate for all operations: what one has done is there for the next."""
    made = Fuzzed(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.gate.close()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(one.name for one in OPERATIONS))
def test_every_answer_is_as_the_description_says(fuzzed: Fuzzed, name: str) -> None:
    """For requests that are right, and for those that are wrong in some place."""
    from schemathesis import GenerationMode
    from schemathesis.checks import CHECKS

    headers = {"Authorization": f"Bearer {fuzzed.token}"}
    left_out = [CHECKS.get_one(check) for check in WITHOUT if check in CHECKS.get_all_names()]
    operation = fuzzed.operations[name]
    for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.call_and_validate(headers=headers, excluded_checks=left_out)

        try:
            ask()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # nothing that this operation takes can be wrong

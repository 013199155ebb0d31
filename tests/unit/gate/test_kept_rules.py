"""What tests/kept_rules.py spares the tests changes nothing."""

from __future__ import annotations

import pytest

import kept_rules
from gate_client import GateUnderTest


@pytest.mark.parametrize("append_unknown", [True, False])
def test_a_kept_function_is_what_would_be_compiled_anew(gate: GateUnderTest, append_unknown: bool) -> None:
    """For every rule of the gate: the same code, that looks at the rule it is asked for."""
    rules = list(gate.app.url_map.iter_rules())
    assert len(rules) > 100
    for rule in rules:
        kept = kept_rules.kept_builder(rule, append_unknown)
        anew = kept_rules.compile_builder(rule, append_unknown)
        assert (kept.__code__, kept.__defaults__, kept.__closure__) == (
            anew.__code__,
            anew.__defaults__,
            None,
        )

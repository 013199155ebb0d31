"""Machines: they need minutes, so only PORTICO_TEST_VM=1 starts them; PORTICO_TEST_BOXES is where their boxes stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BOXES = Path(os.environ.get("PORTICO_TEST_BOXES", "/var/tmp/portico-boxes"))
NEEDS_TIME = pytest.mark.skipif(
    os.environ.get("PORTICO_TEST_VM") != "1",
    reason="a real machine takes half an hour under emulation: PORTICO_TEST_VM=1",
)

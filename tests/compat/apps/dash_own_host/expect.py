"""The same app as hand_routed at a host name of its own: nothing to mount, and nothing that differs."""

import runpy
from pathlib import Path

SETTINGS = {"host": "board.localhost"}
visit = runpy.run_path(str(Path(__file__).parents[1] / "hand_routed" / "expect.py"))["visit"]

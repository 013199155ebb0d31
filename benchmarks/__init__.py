"""Speed and memory, side by side with peers: ratios from one interleaved run, medians, never in a timed test."""

from __future__ import annotations

import sys
from pathlib import Path

# Sites and clones are started by the tests' own means, under the names they have there
sys.path.append(str(Path(__file__).parents[1] / "tests"))

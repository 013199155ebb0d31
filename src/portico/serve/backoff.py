"""How long to wait before an app that ended is started again."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 0.5  # seconds
LONGEST = 30.0
HEALTHY = 60.0  # after this long without a fault the past is forgotten


@dataclass(slots=True)
class Backoff:
    """Doubles from half a second to half a minute. A fault after a healthy minute begins anew."""

    failures: int = 0

    def after(self, up_for: float) -> float:
        """The wait in seconds after a fault of what had been up for `up_for` seconds (0: never came up).

        The first fault of something that was up costs no wait: its requests stay in the socket's backlog.
        """
        if up_for >= HEALTHY:
            self.failures = 0
        self.failures += 1
        doublings = self.failures - (2 if up_for else 1)
        return 0.0 if doublings < 0 else min(FIRST * 2.0 ** min(doublings, 10), LONGEST)

"""Limits of the operating system that a site would run into."""

from __future__ import annotations

import contextlib
import resource

ENOUGH = 10_240  # what macOS grants when it says "unlimited"


def raise_file_limit() -> None:
    """Let this process and its children open as many files as the system allows it to allow itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, ENOUGH):
        if soft == wanted:
            return
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return

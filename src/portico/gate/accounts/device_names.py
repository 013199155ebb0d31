"""What a browser calls itself, in a few words for its owner: "Firefox on Windows".

An honest guess from the User-Agent and no more: whoever sends a request writes it. Nothing rests on it.
"""

from __future__ import annotations

import re

UNKNOWN = "An unknown device"
# The first that fits: browsers name those that they are made of, or want to be taken for, as well.
_BROWSERS = (
    ("Edge", r"\bEdg(?:A|iOS|e)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"\bChrome/|\bCriOS/|\bHeadlessChrome/|\bChromium/"),
    ("Safari", r"\bSafari/"),
)
_SYSTEMS = (
    ("iPad", r"\biPad\b"),
    ("iPhone", r"\biPhone\b|\biPod\b"),
    ("Android", r"\bAndroid\b"),
    ("Chromebook", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("Mac", r"\bMacintosh\b|\bMac OS X\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
_PROGRAM = re.compile(r"([A-Za-z][\w.+-]{0,30})/[\d.]+")


def device_name(user_agent: str) -> str:
    """The browser and the system that a User-Agent names; of a program that is no browser, its own name."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser is None:
        program = _PROGRAM.match(user_agent)
        browser = program[1] if program and program[1] != "Mozilla" else None
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A browser on {system}" if system else UNKNOWN)


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for name, pattern in names if re.search(pattern, user_agent)), None)

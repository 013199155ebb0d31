"""docs/explanation/asvs.md answers every requirement of ASVS 5.0.0, levels 1 and 2, once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "asvs.md"

# For each section, how many requirements it has, and which of them are for level 3 alone.
SECTIONS: dict[str, tuple[int, set[int]]] = {
    "1.1": (2, set()),
    "1.2": (10, {10}),
    "1.3": (12, {12}),
    "1.4": (3, set()),
    "1.5": (3, {3}),
    "2.1": (3, set()),
    "2.2": (3, set()),
    "2.3": (5, {5}),
    "2.4": (2, {2}),
    "3.1": (1, {1}),
    "3.2": (3, {3}),
    "3.3": (5, {5}),
    "3.4": (8, {7, 8}),
    "3.5": (8, {6, 7, 8}),
    "3.6": (1, {1}),
    "3.7": (5, {3, 4, 5}),
    "4.1": (5, {4, 5}),
    "4.2": (5, {2, 3, 4, 5}),
    "4.3": (2, set()),
    "4.4": (4, set()),
    "5.1": (1, set()),
    "5.2": (6, {4, 5, 6}),
    "5.3": (3, {3}),
    "5.4": (3, set()),
    "6.1": (3, set()),
    "6.2": (12, set()),
    "6.3": (8, {5, 6, 7, 8}),
    "6.4": (6, {5, 6}),
    "6.5": (8, {6, 7, 8}),
    "6.6": (4, {4}),
    "6.7": (2, {1, 2}),
    "6.8": (4, set()),
    "7.1": (3, set()),
    "7.2": (4, set()),
    "7.3": (2, set()),
    "7.4": (5, set()),
    "7.5": (3, {3}),
    "7.6": (2, set()),
    "8.1": (4, {3, 4}),
    "8.2": (4, {4}),
    "8.3": (3, {2, 3}),
    "8.4": (2, {2}),
    "9.1": (3, set()),
    "9.2": (4, set()),
    "10.1": (2, set()),
    "10.2": (3, {3}),
    "10.3": (5, {5}),
    "10.4": (16, {12, 13, 14, 15, 16}),
    "10.5": (5, set()),
    "10.6": (2, set()),
    "10.7": (3, set()),
    "11.1": (4, {3, 4}),
    "11.2": (5, {4, 5}),
    "11.3": (5, {4, 5}),
    "11.4": (4, set()),
    "11.5": (2, {2}),
    "11.6": (2, {2}),
    "11.7": (2, {1, 2}),
    "12.1": (5, {4, 5}),
    "12.2": (2, set()),
    "12.3": (5, {5}),
    "13.1": (4, {2, 3, 4}),
    "13.2": (6, {6}),
    "13.3": (4, {3, 4}),
    "13.4": (7, {6, 7}),
    "14.1": (2, set()),
    "14.2": (8, {5, 6, 7, 8}),
    "14.3": (3, set()),
    "15.1": (5, {4, 5}),
    "15.2": (5, {4, 5}),
    "15.3": (7, set()),
    "15.4": (4, {1, 2, 3, 4}),
    "16.1": (1, set()),
    "16.2": (5, set()),
    "16.3": (4, set()),
    "16.4": (3, set()),
    "16.5": (4, {4}),
    "17.1": (2, {2}),
    "17.2": (8, {5, 6, 7, 8}),
    "17.3": (2, set()),
}
ANSWERS = {"yes", "partly", "no", "–"}


def rows() -> list[list[str]]:
    """The rows of the page's tables, as cells."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if re.match(r"\| \d", line)
    ]


def test_every_requirement_is_answered_once() -> None:
    wanted = {
        f"{section}.{number}"
        for section, (count, third) in SECTIONS.items()
        for number in range(1, count + 1)
        if number not in third
    }
    found = Counter(number for row in rows() for number in re.findall(r"\d+\.\d+\.\d+", row[0]))
    assert sorted(wanted - set(found)) == []
    assert sorted(set(found) - wanted) == []
    assert [number for number, times in found.items() if times > 1] == []


def test_an_answer_is_one_of_four_and_says_how() -> None:
    for row in rows():
        assert len(row) == 4, row
        assert row[2] in ANSWERS, row
        assert row[3], row


def test_a_yes_that_can_be_tested_names_its_test() -> None:
    """More than half of what is done is held by a test; the rest by reading, and says so by naming none."""
    done = [row for row in rows() if row[2] == "yes"]
    assert sum("tests/" in row[3] or "same test" in row[3] for row in done) > len(done) / 2

"""The pages of insight: for administrators alone, right numbers, and nothing in them that a page may not have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from gate_client import GateUnderTest, make_app, make_site
from portico.gate import clock
from portico.gate.insight import plots, storing
from portico.gate.insight.tally import tally
from portico.site.model import Insight

PAGES = ["/-/admin/insight", "/-/admin/insight/sales"]


def use(gate: GateUnderTest, *lines: str) -> None:
    """Let these lines be what happened today."""
    with gate.desk() as db:
        storing.add(db, clock.now().date().isoformat(), tally(line.encode() for line in lines))


@pytest.mark.parametrize("page", PAGES)
def test_only_administrators_see_how_apps_are_used(gate: GateUnderTest, page: str) -> None:
    """A stranger is sent to sign in, anybody else is refused."""
    gate.person("root@example.org", "admin")
    gate.person("anna@example.org", "analyst")
    use(gate, "sales\t200\t0.010\t\thtml\t\t-")
    assert gate.browser().get(page).status_code in (302, 401)
    anna, root = gate.browser(), gate.browser()
    anna.sign_in()
    root.sign_in("root@example.org")
    assert anna.get(page).status_code == 403
    assert root.get(page).status_code == 200


def test_the_page_of_an_app_has_its_numbers_plots_and_callbacks(gate: GateUnderTest) -> None:
    """What a plot shows stands in a table too; what an app named is text, whatever is in it."""
    gate.person("root@example.org", "admin")
    use(
        gate,
        "sales\t200\t0.100\t00000000000000ff\thtml\t\t-",
        *["sales\t200\t1.500\t00000000000000ff\tjson\t\t<script>alert(1)</script>.children"] * 3,
        "sales\t500\t0.010\t\tjson\t\t-",
    )
    root = gate.browser()
    root.sign_in("root@example.org")
    page = root.get("/-/admin/insight/sales").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.children" in page
    assert "<script>alert" not in page
    assert ">1.5 s</td>" in page
    assert page.count("<svg") >= 3
    assert re.search(r"<svg[^>]*role=\"img\"[^>]*aria-label=\"People by day", page)
    assert " style=" not in page
    row = re.search(rf'<th scope="row"[^>]*>{clock.now().date()}</th>(.*?)</tr>', page)
    assert row
    assert re.findall(r">([\d,]+)</td>", row.group(1))[:4] == ["1", "1", "5", "1"]


def test_an_app_that_is_gone_keeps_its_numbers_and_one_that_never_was_has_no_page(
    gate: GateUnderTest,
) -> None:
    """404 for the second."""
    gate.person("root@example.org", "admin")
    use(gate, "retired\t200\t0.010\t\thtml\t\t-")
    root = gate.browser()
    root.sign_in("root@example.org")
    assert "retired" in root.get("/-/admin/insight").text
    assert root.get("/-/admin/insight/retired").status_code == 200
    assert root.get("/-/admin/insight/nothing").status_code == 404
    assert root.get("/-/admin/insight/sales?days=999999999").status_code == 200


def test_the_page_of_a_site_that_does_not_count_says_so(tmp_path: Path) -> None:
    """And the check names no mark."""
    gate = GateUnderTest(make_site(tmp_path, make_app("home"), insight=Insight(enabled=False)))
    gate.person("root@example.org", "admin")
    root = gate.browser()
    root.sign_in("root@example.org")
    assert "switched off" in root.get("/-/admin/insight").text
    assert "X-Portico-Mark" not in root.check("home").headers
    gate.close()


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (1, 1), (1.6, 2), (7, 8), (10, 10), (11, 15), (4999, 5000), (5001, 6000)]
)
def test_a_plot_ends_at_a_round_number(highest: float, top: float) -> None:
    """Above what it shows."""
    assert plots.round_top(highest) == top


def test_a_line_is_broken_where_there_is_nothing_to_show() -> None:
    """A day without answers is not a day of zero milliseconds."""
    pieces = plots.lines([1.0, None, 2.0, 3.0]).lines[0]
    assert len(pieces) == 2
    assert plots.lines([None, None]).lines == ((),)


def test_bars_stand_on_the_ground_and_have_the_height_of_their_value() -> None:
    """Nothing for zero."""
    plot = plots.bars([0, 5, 10], ["a", "b", "c"], [0, 0, 5])
    assert [(bar.title, bar.height, bar.y) for bar in plot.bars] == [("b", 60, 60), ("c", 120, 0)]
    assert [(bar.title, bar.height) for bar in plot.over] == [("c", 60)]


def test_the_database_of_insight_names_nobody(gate: GateUnderTest) -> None:
    """No address, no id and no name of a person is in its tables."""
    gate.person("anna@example.org", "analyst")
    browser = gate.browser()
    browser.sign_in()
    mark = browser.check("sales").headers["X-Portico-Mark"]
    use(gate, f"sales\t200\t0.010\t{mark}\thtml\t\t-")
    with gate.desk() as db:
        text = str(_all_rows(db))
    assert "sales" in text
    for secret in ("anna", mark):
        assert secret not in text


def _all_rows(db: Session) -> list[object]:
    from sqlalchemy import select

    from portico.gate.models import InsightCallback, InsightDay

    return [list(db.execute(select(*model.__table__.columns))) for model in (InsightDay, InsightCallback)]

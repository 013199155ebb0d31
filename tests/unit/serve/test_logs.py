"""Log lines: how they look, which are kept, and that nothing about them can stop a site."""

from __future__ import annotations

import io
import json
import threading

import pytest

from portico.serve.logs import KEPT, Line, LogFormat, Logs, chosen_format, formatted


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        """As a terminal does."""
        return True


def logs(form: LogFormat = LogFormat.PLAIN) -> tuple[Logs, io.StringIO]:
    """Logs whose clock stands still, and where they write."""
    output = io.StringIO()
    return Logs(form, output, lambda: 1_700_000_000.25), output


def test_a_plain_line_has_the_name_in_a_column() -> None:
    """The texts of all apps begin in one column; the supervisor's own lines say portico."""
    assert formatted(Line(0, "sum", "hello"), LogFormat.PLAIN, 6) == "sum    | hello"
    assert formatted(Line(0, "portico", "ready"), LogFormat.PLAIN, 6) == "portico: ready"


def test_a_json_line_has_time_app_and_message() -> None:
    """One object a line, with the time in UTC; letters of all languages stay readable."""
    line = formatted(Line(1_700_000_000.25, "sum", 'naïve "x"'), LogFormat.JSON, 0)
    assert json.loads(line) == {"time": "2023-11-14T22:13:20.250Z", "app": "sum", "message": 'naïve "x"'}
    assert "naïve" in line


def test_an_app_has_the_same_colour_in_every_line() -> None:
    """Colour is for telling apps apart."""
    first, second = (formatted(Line(0, "sum", text), LogFormat.COLOUR, 3) for text in ("a", "b"))
    assert first.startswith("\x1b[")
    assert first.split("m", 1)[0] == second.split("m", 1)[0]


@pytest.mark.parametrize(
    ("option", "output", "environ", "form"),
    [
        (None, Terminal(), {}, LogFormat.COLOUR),
        (None, Terminal(), {"NO_COLOR": "1"}, LogFormat.PLAIN),
        (None, Terminal(), {"CI": "true"}, LogFormat.PLAIN),
        (None, Terminal(), {"PORTICO_LOG_FORMAT": "json"}, LogFormat.COLOUR),
        (None, io.StringIO(), {}, LogFormat.PLAIN),
        (None, io.StringIO(), {"PORTICO_LOG_FORMAT": "json"}, LogFormat.JSON),
        ("json", Terminal(), {}, LogFormat.JSON),
        ("plain", io.StringIO(), {"PORTICO_LOG_FORMAT": "json"}, LogFormat.PLAIN),
    ],
)
def test_the_format_suits_the_output(
    option: str | None,
    output: io.StringIO,
    environ: dict[str, str],
    form: LogFormat,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Colour on a terminal, plain in a pipe or CI, JSON when asked for."""
    for name in ("NO_COLOR", "CI", "TERM", "PORTICO_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert chosen_format(option, output) is form


def test_the_last_lines_of_one_app_or_of_all_are_kept() -> None:
    """A bounded number for each app, so that a chatty one neither eats memory nor pushes out the others."""
    kept, _ = logs()
    kept.add("calm", "once")
    for number in range(KEPT + 50):
        kept.add("chatty", str(number))
    assert [line.text for line in kept.last("chatty", 2)] == [str(KEPT + 48), str(KEPT + 49)]
    assert len(kept.last("chatty", 10_000)) == KEPT
    assert [line.text for line in kept.last("calm", 5)] == ["once"]
    assert len(kept.last(None, 10_000)) == KEPT + 1
    assert kept.last("nobody", 5) == kept.last("calm", 0) == []


def test_a_listener_gets_new_lines_until_it_stops() -> None:
    """What `portico logs -f` is made of."""
    all_logs, _ = logs()
    heard: list[str] = []
    stop = all_logs.listen(lambda line: heard.append(line.text))
    all_logs.add("sum", "one\ntwo")
    stop()
    all_logs.add("sum", "three")
    assert heard == ["one", "two"]


def test_everything_that_was_said_is_written_before_the_end() -> None:
    """Closing writes what waits."""
    all_logs, output = logs()
    for number in range(500):
        all_logs.add("sum", str(number))
    all_logs.close()
    assert output.getvalue().splitlines()[-1] == "sum     | 499"


def test_a_closed_output_does_not_raise() -> None:
    """A full disk or a closed pipe behind stdout must not stop a site."""
    all_logs, output = logs()
    output.close()
    all_logs.say("nobody hears this")
    all_logs.close()


def test_an_output_that_blocks_does_not_block_the_site() -> None:
    """Lines are dropped, and later the log says how many."""
    block = threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            block.wait(10)
            return super().write(text)

    output = Stuck()
    all_logs = Logs(LogFormat.PLAIN, output, lambda: 0.0)
    for number in range(21_000):
        all_logs.add("sum", str(number))
    block.set()
    while all_logs._queue.qsize():
        threading.Event().wait(0.01)
    all_logs.add("sum", "the end")
    all_logs.close()
    assert "lines were dropped: the output is too slow" in output.getvalue()

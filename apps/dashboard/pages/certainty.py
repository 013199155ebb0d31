"""Certainty: a long computation in the background, with its progress and a way to stop it."""

from __future__ import annotations

import dash
import figures
from cards import panel
from dash import Input, Output, State, callback, dcc, html
from resampling import BLOCK, QUESTIONS, Outcome, resampled
from weather import CITIES

dash.register_page(__name__, path="/certainty", name="Certainty", title="Certainty · Rain or Shine", order=3)

RESAMPLES = {"200000": "200 thousand", "1000000": "1 million", "2000000": "2 million"}

FIRST_WORDS = [
    html.H2("Choose a question, then Compute."),
    html.P("The histogram below grows while the job runs. You may stop it, or start another one."),
]

layout = html.Div(
    [
        html.Div(
            [
                html.H1("How sure can four years make us?"),
                html.P(
                    "Four other years would have given other averages. The bootstrap puts such years "
                    f"together from random blocks of {BLOCK} days, and looks how far the difference swings."
                ),
            ],
            className="intro",
        ),
        html.Div(
            [
                html.Section(
                    [
                        html.H2("Question"),
                        dcc.RadioItems(
                            {key: question.text for key, question in QUESTIONS.items()}, "wet", id="question"
                        ),
                        html.H2("Resamples"),
                        dcc.RadioItems(RESAMPLES, "1000000", id="resamples"),
                        html.Div(
                            [
                                html.Button("Compute", id="compute", className="button"),
                                html.Button("Stop", id="stop", className="button quiet", disabled=True),
                            ],
                            className="buttons",
                        ),
                        html.Progress(id="progress", value="0", max="100", **{"aria-label": "Progress"}),
                        html.P("Nothing computed yet.", id="state", className="hint", role="status"),
                    ],
                    className="card form",
                ),
                html.Div(
                    [
                        html.Div(FIRST_WORDS, id="verdict", className="card verdict"),
                        panel(
                            "Differences found", "dark: the middle 95 %; dotted: no difference", "differences"
                        ),
                    ],
                    className="stack",
                ),
            ],
            className="row one-two",
        ),
    ],
    className="unfiltered",
)


@callback(
    Output("verdict", "children"),
    Output("differences", "figure"),
    Output("state", "children"),
    Output("progress", "value"),
    Input("compute", "n_clicks"),
    State("question", "value"),
    State("resamples", "value"),
    background=True,
    running=[
        (Output("compute", "disabled"), True, False),
        (Output("stop", "disabled"), False, True),
    ],
    cancel=[Input("stop", "n_clicks")],
    progress=[Output("progress", "value"), Output("state", "children"), Output("differences", "figure")],
    interval=300,
    prevent_initial_call=True,
)
def compute(set_progress, _clicks: int, key: str, resamples: str) -> tuple:
    """Runs in a process of its own; what it passes to `set_progress` is on the page 0.3 s later."""
    question, total = QUESTIONS[key], int(resamples)
    for outcome in resampled(question, total):
        done = f"{outcome.done:,} of {outcome.total:,} resamples"
        figure = figures.bootstrap(outcome.counts, outcome.edges, outcome.interval, question.unit)
        set_progress((str(round(100 * outcome.done / total)), done, figure))
    return verdict(outcome, question.unit), figure, f"Done: {total:,} resamples.", "100"


def verdict(outcome: Outcome, unit: str) -> list:
    """The answer in a sentence and in numbers."""
    low, high = outcome.interval
    if low > 0:
        answer = "Yes, surely enough."
    elif high < 0:
        answer = "No, the other way round."
    else:
        answer = "These four years can't tell."
    return [
        html.H2(answer),
        html.P(
            [
                html.Strong(f"{outcome.seen:+.2f} {unit}"),
                f" is {CITIES[0]}'s lead over {CITIES[1]}; 95 % of the resamples lie between "
                f"{low:+.2f} and {high:+.2f}.",
            ]
        ),
    ]

"""About: where the data come from, what was done to them, and how the dashboard is made."""

from __future__ import annotations

import dash
from dash import dcc, html
from weather import DAYS, FIRST, LAST, WET

dash.register_page(__name__, path="/about", name="About", title="About the data · Rain or Shine", order=4)

SOURCE = "http://www.ncdc.noaa.gov/cdo-web/datatools/findstation"
LICENCE = "https://www.usa.gov/government-works"
TEXT = f"""
# About the data

**{len(DAYS):,} days** of two cities, {FIRST:%Y} to {LAST:%Y}: precipitation, highest and lowest temperature,
wind, and one word for the day's weather.

| | |
|---|---|
| **Source** | [NOAA Climate Data Online]({SOURCE}), a service of the United States government |
| **Taken from** | the package *vega-datasets* 3.2.1, `data/weather.csv`, unchanged |
| **Licence** | [U.S. Government Dataset]({LICENCE}): in the public domain in the United States |

**What to keep in mind.** The word for the weather was made from several of NOAA's fields by the package's
authors, for teaching; a "wet day" here is one with at least {WET:.0f} mm, snow counted as water. The package
gives the wind in kilometres per hour; NOAA's daily average is in metres per second, and the values fit only
that, so m/s is what the plots say. Four years say little about a climate: *Certainty* shows how little.

**How it is made.** An ordinary [Dash](https://dash.plotly.com) app: pages, callbacks, one in the background,
one table. One selection, kept in the browser and in the address, filters every plot, and every plot changes
it. The only thing it knows about Portico is the name in the corner.
"""

layout = html.Div(dcc.Markdown(TEXT, className="prose"), className="card unfiltered")

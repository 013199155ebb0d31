"""Rain or Shine: four years of weather in two cities, as a Dash app of several pages.

python apps/dashboard/app.py          # http://127.0.0.1:8050
"""

from __future__ import annotations

import jobs
import shell
from dash import Dash

app = Dash(
    __name__,
    title="Rain or Shine",
    description="Four years of weather in two cities, day by day",
    update_title=None,
    use_pages=True,
    background_callback_manager=jobs.manager(),
    meta_tags=[{"name": "color-scheme", "content": "light dark"}],
)
app.index_string = app.index_string.replace("<html>", '<html lang="en">')
app.layout = shell.layout()
server = app.server

if __name__ == "__main__":
    app.run(debug=False)

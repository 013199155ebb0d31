"""Rain or Shine: four years of weather in two cities, as a Dash app of several pages.

python apps/dashboard/app.py          # http://127.0.0.1:8050
"""

from __future__ import annotations

import os
from pathlib import Path

import diskcache
import shell
from dash import Dash, DiskcacheManager

# Progress and results of background jobs: the visitor's own cache folder, never one that others can write to.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rain-or-shine"

app = Dash(
    __name__,
    title="Rain or Shine",
    description="Four years of weather in two cities, day by day",
    update_title=None,
    use_pages=True,
    background_callback_manager=DiskcacheManager(diskcache.Cache(str(CACHE)), expire=600),
    meta_tags=[{"name": "color-scheme", "content": "light dark"}],
)
app.index_string = app.index_string.replace("<html>", '<html lang="en">')
app.layout = shell.layout()
server = app.server

if __name__ == "__main__":
    app.run(debug=False)

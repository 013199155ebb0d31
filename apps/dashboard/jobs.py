"""Where long computations run: in processes beside this app or, where a broker is named, in workers of Celery.

    CELERY_BROKER_URL=redis://localhost:6379/0 python apps/dashboard/app.py     # or CELERY_BROKER_URL_FILE
    CELERY_BROKER_URL=redis://localhost:6379/0 celery --workdir apps/dashboard --app jobs worker

Workers serve any number of copies of the app: each copy may be asked how far a job is.
"""

from __future__ import annotations

import os
from pathlib import Path

from dash import CeleryManager, DiskcacheManager

KEPT = 600  # seconds for which progress and results wait to be fetched
# Without a broker: the visitor's own cache folder, never one that others can write to.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rain-or-shine"


def broker() -> str:
    """The address of the broker, also from a file as secrets are mounted; "" where there is none."""
    file = os.environ.get("CELERY_BROKER_URL_FILE")
    return Path(file).read_text("utf-8").strip() if file else os.environ.get("CELERY_BROKER_URL", "")


def manager() -> CeleryManager | DiskcacheManager:
    """What Dash hands its background callbacks to."""
    if celery is not None:
        return CeleryManager(celery)
    import diskcache

    return DiskcacheManager(diskcache.Cache(str(CACHE)), expire=KEPT)


celery = None
if broker():
    from celery import Celery

    # `include`: a worker imports the app, whose pages say what their background callbacks are.
    celery = Celery("rain-or-shine", broker=broker(), backend=broker(), include=["app"])
    celery.conf.update(result_expires=KEPT, broker_connection_retry_on_startup=True)

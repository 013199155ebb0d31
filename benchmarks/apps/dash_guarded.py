"""The same Dash app behind dash-auth's basic guard."""

import dash_auth
from dash_callback import app, server

dash_auth.BasicAuth(app, {"someone": "a password of the benchmark"}, secret_key="a key of the benchmark")  # noqa: S106

__all__ = ["server"]

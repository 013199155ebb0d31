"""Portico, the front entrance for Flask and Dash apps. What an app may import: `from portico import current_user`.

Nothing heavy is imported here: an app that wants to know who is asking gets no part of the gate or of the server.
"""

from portico.errors import PorticoError, UserError
from portico.identity import Identity, current_user

__version__ = "0.1.0"

__all__ = ["Identity", "PorticoError", "UserError", "__version__", "current_user"]

"""The front: nginx. `render` gives its files, `nginx_binary` and `nginx_command` the program."""

from portico.serve.front.binary import nginx_binary, nginx_command
from portico.serve.front.config import FrontLayout, render

__all__ = ["FrontLayout", "nginx_binary", "nginx_command", "render"]

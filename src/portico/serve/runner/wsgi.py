"""Between Granian and a WSGI app: what the front said about the request, turned into what WSGI code expects.

This is on the path of every request; it costs a few microseconds and copies no body.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from portico import identity
from portico.serve.runner.drain import Drain
from portico.serve.runner.failure import print_own_traceback
from portico.serve.runner.request_body import file_of
from portico.serve.runner.stats import Stats

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# Headers in which a client might claim to be somebody. Only the gate says who is asking.
CLAIMS = ("HTTP_REMOTE_USER", "HTTP_X_REMOTE_USER", "HTTP_REMOTE_EMAIL", "HTTP_REMOTE_GROUPS", "AUTH_TYPE")

# A body of unknown length is a stream: the front passes on each chunk as it comes.
STREAM = ("X-Accel-Buffering", "no")

ERROR_HEAD = ("500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")])
ERROR_BODY = b"Internal Server Error\n"


class WsgiAdapter:
    """Serves a WSGI app behind the front. Granian calls it from several threads, in place of its own wrapper.

    That one copies the process's environment into each environ and hands every status and header on once more.
    """

    def __init__(
        self,
        app: App,
        *,
        stats: Stats,
        drain: Drain,
        whole: Callable[[str], bool] | None = None,
    ) -> None:
        self._app = app
        self._stats = stats
        self._drain = drain
        self._whole = whole
        self._verify = identity.verifier().verify
        self._constants: Environ = {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SCRIPT_NAME": "",
            "SERVER_SOFTWARE": "Granian",
            "wsgi.errors": sys.stderr,
            "wsgi.input_terminated": True,
            "wsgi.multiprocess": False,
            "wsgi.multithread": True,
            "wsgi.run_once": False,
            "wsgi.version": (1, 0),
        }

    def __call__(self, protocol: Any, environ: Environ) -> None:
        """Answer the request of which Granian has made `environ` through Granian's `protocol`."""
        environ.update(self._constants)
        head, body = self._run(environ, self._describe(environ))
        status = int(head.status[:3])
        if type(body) is list:
            protocol.response_bytes(status, head.headers, b"".join(body))
        else:
            protocol.response_iter(status, head.headers, body)

    def answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The same for any other WSGI server: connection_server.py."""
        environ.update(self._constants)
        head, body = self._run(environ, self._describe(environ))
        start_response(head.status, head.headers)
        return body

    def _run(self, environ: Environ, who: identity.Identity) -> tuple[Head, list[bytes] | Stream]:
        """The app's answer: its head, and a complete body or a stream that counts as in flight."""
        head = Head()
        self._stats.begin()
        token = identity.enter(who)
        try:
            body = head.finish(self._app(environ, head))
        except Exception as error:  # an app may raise anything; the log gets the reason
            self._stats.end()
            if isinstance(error, ConnectionError) and "werkzeug.socket" in environ:
                raise  # the app had taken over the connection, and says that there is nothing left to answer
            print_own_traceback(error)
            return Head(*ERROR_HEAD), [ERROR_BODY]
        except BaseException:
            self._stats.end()
            raise
        finally:
            identity.leave(token)
        if self._drain.asked:
            head.headers = [*head.headers, ("Connection", "close")]  # the list may be the app's constant
        if type(body) is list:
            self._stats.end()
            return head, body
        if _content_length(head.headers) is None:
            head.headers = [*head.headers, STREAM]
        return head, Stream(body, who, self._stats)

    def _describe(self, environ: Environ) -> identity.Identity:
        """Put prefix, scheme, address, body and person where WSGI code looks for them."""
        get = environ.get
        prefix = get("HTTP_X_PORTICO_PREFIX")
        if prefix:
            path = environ["PATH_INFO"]
            below = path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("/", "")
            if below and not (self._whole is not None and self._whole(_text(path))):
                environ["SCRIPT_NAME"] = prefix
                environ["PATH_INFO"] = path[len(prefix) :]
        scheme = get("HTTP_X_FORWARDED_PROTO", "http")
        environ["wsgi.url_scheme"] = scheme
        host, _, port = get("HTTP_HOST", "localhost").partition(":")
        environ["SERVER_NAME"] = host
        environ["SERVER_PORT"] = port or ("443" if scheme == "https" else "80")
        environ["REMOTE_ADDR"] = get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        environ["wsgi.input"] = file_of(environ)
        for claim in CLAIMS:
            environ.pop(claim, None)
        token = get("HTTP_X_PORTICO_IDENTITY")
        who = self._verify(token) if token else identity.ANONYMOUS
        if who.email_verified:  # who reads REMOTE_USER trusts it: an address that is only claimed is none
            environ["REMOTE_USER"] = who.email
        else:
            environ.pop("REMOTE_USER", None)
        return who


class Head:
    """The `start_response` that the app gets: keeps status and headers until the body is there too."""

    __slots__ = ("headers", "status", "written")

    def __init__(self, status: str = "", headers: Headers | None = None) -> None:
        self.status = status
        self.headers: Headers = headers or []
        self.written: list[bytes] = []

    def __call__(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], None]:
        self.status = status
        self.headers = headers
        return self.written.append

    def finish(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """The body in the form that costs least: a list when it is complete, else an iterable.

        A body whose first chunk has all the bytes that Content-Length promises is complete, whatever its type;
        so Flask's ordinary responses, which are generators by then, take the server's short path. It is still
        run to its end, for what the app does there. No chunk is waited for that the client could have had
        before: without Content-Length only an app that starts its response late, in the generator, is asked for
        its first chunk, since the status is not known before.
        """
        if self.status and not self.written:
            if type(body) is list:
                return body
            if _content_length(self.headers) is None:
                return body
        try:
            return self._taken(body)
        except BaseException:
            _close(body)
            raise

    def _taken(self, body: Iterable[bytes]) -> Iterable[bytes]:
        chunks = iter(body)
        start = [*self.written, *islice(chunks, 1)]
        if not self.status:
            raise RuntimeError("the app returned a body without calling start_response")
        if start and sum(map(len, start)) != _content_length(self.headers):
            return Rest(start, chunks, body)
        start += chunks
        _close(body)
        return start


def _text(path: str) -> str:
    """A path as WSGI carries it, turned into the text that it stands for."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _close(body: Iterable[bytes]) -> None:
    """Tell the app that the response is over."""
    if (close := getattr(body, "close", None)) is not None:
        close()


def _content_length(headers: Headers) -> int | None:
    for name, value in headers:
        if len(name) == 14 and name.lower() == "content-length":
            return int(value)
    return None


class Rest:
    """A body of which the first chunks were already taken."""

    __slots__ = ("_body", "_chunks", "_start")

    def __init__(self, start: list[bytes], chunks: Iterator[bytes], body: Iterable[bytes]) -> None:
        self._start = start
        self._chunks = chunks
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._start.pop(0) if self._start else next(self._chunks)

    def close(self) -> None:
        """Tell the app that the response is over."""
        _close(self._body)


class Stream:
    """A body on its way, chunk by chunk; who asked stays the current user in the app's generator."""

    __slots__ = ("_body", "_next", "_open", "_stats", "_who")

    def __init__(self, body: Iterable[bytes], who: identity.Identity, stats: Stats) -> None:
        self._body = body
        self._next = iter(body).__next__
        self._who = who
        self._stats = stats
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = identity.enter(self._who)
        try:
            return self._next()
        except StopIteration:
            raise
        except Exception as error:  # only looked at: the log gets the app's own lines
            print_own_traceback(error)
            raise
        finally:
            identity.leave(token)

    def close(self) -> None:
        """The response is sent, or the client is gone. Safe to call twice."""
        if not self._open:
            return
        self._open = False
        self._stats.end()
        token = identity.enter(self._who)
        try:
            _close(self._body)
        finally:
            identity.leave(token)

    def __del__(self) -> None:
        self.close()

"""What stands behind the public listener: each room under its prefix.

A process with a single room answers for it at the root too, so that it can be
run alone the way its clients know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.core.api.mounts import Mounts
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Application, Environ, StartResponse

DASHBOARD = "dashboard"
# No client of an API asks for it.
_BROWSERS = "text/html"


class CloudPage:
    """``/`` and ``/healthcheck`` of a process with several rooms; a browser is shown
    the dashboard where there is one."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        path = environ["PATH_INFO"]
        if path == "/healthcheck":
            return text_reply(200, "OK")(environ, start_response)
        if path != "/":
            return text_reply(404)(environ, start_response)
        if DASHBOARD in self._names and _BROWSERS in environ.get("HTTP_ACCEPT", ""):
            return _to_dashboard(environ, start_response)
        base = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', 'localhost')}"
        body = {"services": {name: f"{base}/{name}" for name in self._names}}
        reply = Reply(200, orjson.dumps(body), None, "application/json")
        return reply(environ, start_response)


def _to_dashboard(environ: Environ, start_response: StartResponse) -> Any:
    headers = [("Location", f"/{DASHBOARD}/"), ("Vary", "Accept")]
    return Reply(303, b"", headers, None)(environ, start_response)


class Alone:
    """A room at the root; ``/healthcheck`` is ours."""

    def __init__(self, room: Application) -> None:
        self._room = room

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        if environ["PATH_INFO"] == "/healthcheck":
            return text_reply(200, "OK")(environ, start_response)
        return self._room(environ, start_response)


def front_of(
    rooms: Mapping[str, Application],
    consoles: Application | None = None,
    door: Application | None = None,
) -> Application:
    """The application of a process that has these rooms, consoles of guests, and a
    door for other hosts' agents."""
    otherwise: Application = CloudPage(sorted(rooms))
    if len(rooms) == 1 and consoles is None:
        otherwise = Alone(next(iter(rooms.values())))
    mounted = {f"/{name}": room for name, room in rooms.items()}
    if consoles is not None:
        mounted["/console"] = consoles
    if door is not None:
        mounted["/agent"] = door
    return Mounts(mounted, otherwise)

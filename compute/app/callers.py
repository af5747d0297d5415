"""How the parts of one process reach each service: directly, or over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from compute.settings import ROOM_ROLES, CloudSettings
from objectstore.client.caller import Caller
from objectstore.client.in_process import InProcessCaller
from objectstore.client.over_http import HttpCaller
from objectstore.kernel.client import ClientPool
from objectstore.kernel.request import Application, Environ, StartResponse


class Later:
    """An application that is made after those that call it."""

    def __init__(self) -> None:
        self.application: Application | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        assert self.application is not None, "called before it was made"
        return self.application(environ, start_response)


def room_callers(
    settings: CloudSettings, here: Mapping[str, Application], pool: ClientPool
) -> dict[str, Caller]:
    """One for each room, by name; ``here``: the rooms of this process.

    In this process a room is called as clients call it through the public
    listener, so the links in its replies are the same.
    """
    callers: dict[str, Caller] = {}
    for role in ROOM_ROLES:
        name, url = role.value, settings.url_of(role.value)
        if name in here:
            parts = urlsplit(url)
            callers[name] = InProcessCaller(
                here[name], script_name=parts.path, host=parts.netloc
            )
        else:
            callers[name] = HttpCaller(url, pool)
    return callers

"""gatekeeper: what is internal stays inside.

Takes headers off requests that only the house itself may set, so that no
client can forge them, and takes the house's own headers off replies:

* requests: ``X-Account-Sysmeta-*``, ``X-Container-Sysmeta-*``,
  ``X-Object-Sysmeta-*``, ``X-Object-Transient-Sysmeta-*``, ``X-Backend-*``,
  ``X-Ringstack-*`` and ``X-Timestamp``;
* replies: the same but ``X-Ringstack-*`` (on replies they are meant for the
  client) and ``X-Timestamp`` (which says when a thing was written).

Nothing is refused: clients that copy all headers of a reply into their next
request are common.

::

    [filter:gatekeeper]
    use = egg:ringstack#gatekeeper
    # false lets clients say when their objects were written (migrations)
    shunt_inbound_x_timestamp = true
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import (
    KEY_SETS_MAX,
    Application,
    Environ,
    StartResponse,
)
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER = ("catch_errors",)


INTERNAL = (
    "x-account-sysmeta-",
    "x-container-sysmeta-",
    "x-object-sysmeta-",
    "x-object-transient-sysmeta-",
    "x-backend-",
)
# Most headers are told by two characters, without a copy in lower case.
_X = ("X-", "x-")
# WSGI spells headers so; "X_Backend_Foo" on the wire ends up in the same place.
_REQUEST_KEYS = tuple(
    "HTTP_" + prefix.upper().replace("-", "_") for prefix in (*INTERNAL, "x-ringstack-")
)
# Where the time of a signed request is kept, for the filter that knows signatures.
INBOUND_TIMESTAMP = "HTTP_X_BACKEND_INBOUND_X_TIMESTAMP"


@dataclass(frozen=True, slots=True)
class GatekeeperSettings:
    """What clients may not say."""

    shunt_inbound_x_timestamp: bool = option(
        True, "Ignore the X-Timestamp that a client sends"
    )


class Gatekeeper:
    """The filter; see the module's docstring."""

    __slots__ = ("_drop_timestamp", "app")

    def __init__(self, app: Application, settings: GatekeeperSettings) -> None:
        self.app = app
        self._drop_timestamp = settings.shunt_inbound_x_timestamp

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Clean the request, and the reply's head on its way out."""
        for key in _forged(tuple(environ)):
            del environ[key]
        if self._drop_timestamp:
            inbound = environ.pop("HTTP_X_TIMESTAMP", None)
            if inbound is not None and "HTTP_X_CONTAINER_SYNC_AUTH" in environ:
                environ[INBOUND_TIMESTAMP] = inbound

        def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
            headers = [
                pair
                for pair in headers
                if pair[0][:2] not in _X or not pair[0].lower().startswith(INTERNAL)
            ]
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


@lru_cache(KEY_SETS_MAX)
def _forged(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Those that only the house may set; a client sends the same ones again and
    again."""
    return tuple(key for key in keys if key.startswith(_REQUEST_KEYS))


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(GatekeeperSettings, "gatekeeper", global_conf, local_conf)
    return lambda app: Gatekeeper(app, settings)

"""versioned_writes: old versions kept in a container that the client names.

``X-Versions-Location: container`` (URL-quoted) on a container's PUT or POST: whatever
is overwritten there is copied to that container first, and DELETE brings the newest
old version back (a stack).  With ``X-History-Location`` DELETE copies the current
version too, and notes the deletion as an empty object of the content type
``application/x-deleted;swift_versions_deleted=1``.  Empty, or ``X-Remove-...``,
ends it.

Old versions are ordinary objects called ``LLLname/time`` (LLL: the length of the name
in three hex digits), to be listed, read and deleted as such.  The container that they
are to go to must exist: 412.  Two writers at the same moment may save the same old
version and then replace each other's; ``object_versioning`` loses none.

Statuses: 400 for both headers at once, or together with ``X-Versions-Enabled``; 412 for
a location with a slash.

::

    [filter:versioned_writes]
    use = egg:ringstack#versioned_writes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.concerns import Concerns
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    Request,
    StartResponse,
    path_parts,
)
from objectstore.kernel.timestamps import HybridClock
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.order import BEFORE_KINDS_OF_OBJECTS
from objectstore.middleware.stored_facts import authorize_write, container_metadata
from objectstore.middleware.versions.containers import ENABLED
from objectstore.middleware.versions.legacy import Legacy
from objectstore.middleware.versions.place import Place

AFTER = (*BEFORE_KINDS_OF_OBJECTS, "dlo")
BEFORE = ("object_versioning",)

STACK = "X-Versions-Location"
HISTORY = "X-History-Location"
# Said for ever of a container that ever had either: old versions may lie elsewhere.
ARCHIVED = "X-Container-Sysmeta-Writes-Archived"
_LOCATION_KEYS = frozenset(
    {
        "HTTP_X_VERSIONS_LOCATION",
        "HTTP_X_HISTORY_LOCATION",
        "HTTP_X_REMOVE_VERSIONS_LOCATION",
        "HTTP_X_REMOVE_HISTORY_LOCATION",
    }
)


@dataclass(frozen=True, slots=True)
class VersionedWritesSettings:
    """There is nothing to set."""


class VersionedWrites:
    """The filter; see the module's docstring."""

    concerns = Concerns(container_metadata=(STACK, HISTORY))

    def __init__(self, app: Application, clock: Clock) -> None:
        self.app = app
        self._clock = HybridClock(clock)

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("versioned_writes", allowed_flags=[STACK.lower(), HISTORY.lower()])

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Save old versions where a container asks for it."""
        method = environ["REQUEST_METHOD"]
        if method in ("GET", "HEAD"):
            return self.app(environ, start_response)
        _, account, container, name = path_parts(environ)
        if name and method in ("PUT", "DELETE"):
            reply = self._write(environ, account, container)
            if reply is not None:
                return reply(environ, start_response)
        elif container and not name and not _LOCATION_KEYS.isdisjoint(environ):
            _set_location(Request(environ), account, container)
        return self.app(environ, start_response)

    def _write(self, environ: Environ, account: str, container: str) -> Reply | None:
        context: Context = environ[CONTEXT_KEY]
        if context.allow_reserved_names:
            return None
        known = container_metadata(context, account, container)
        stack, history = known.get(STACK, ""), known.get(HISTORY, "")
        if not (stack or history):
            return None
        request = Request(environ)
        authorize_write(request)
        legacy = Legacy(Place(self.app, request), stack or history, self._clock)
        if request.method == "PUT":
            return legacy.put()
        return legacy.delete_from_stack() if stack else legacy.delete_keeping_history()


def _set_location(request: Request, account: str, container: str) -> None:
    """Check the headers; one kind of versioning at a time."""
    wanted = [name for name in (STACK, HISTORY) if request.header(name)]
    if len(wanted) == 2:
        raise Rejected(400, f"Only one of {STACK} or {HISTORY} may be specified")
    known = container_metadata(request.context, account, container)
    if wanted or known.get(STACK) or known.get(HISTORY):
        request.set_header(ARCHIVED, "true")
    if not wanted:
        # Either name, empty or with X-Remove-, ends either kind.
        for header in (STACK, HISTORY):
            request.set_header(header.replace("X-", "X-Remove-", 1), "x")
        return
    if known.get(ENABLED, "").lower() == "true":
        raise Rejected(
            400,
            "Cannot enable legacy versioned writes on a container that is using object "
            "versioning.",
        )
    if "/" in unquote(request.header(wanted[0])):
        raise Rejected(412, "Container name cannot contain slashes")
    other = HISTORY if wanted[0] == STACK else STACK
    request.set_header(other.replace("X-", "X-Remove-", 1), "x")


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    read_options(VersionedWritesSettings, "versioned_writes", global_conf, local_conf)
    return lambda app: VersionedWrites(app, SystemClock())

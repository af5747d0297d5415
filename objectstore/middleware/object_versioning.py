"""object_versioning: every version of every object, kept until it is deleted.

``PUT`` or ``POST`` of a container with ``X-Versions-Enabled: true`` switches it on,
``false`` off again (what there is stays).  From then on

* PUT writes a new version; the reply's ``X-Object-Version-Id`` names it;
* GET and HEAD give the current one, with its id; POST changes its metadata;
* DELETE notes the deletion as a version (a *delete marker*) and removes nothing;
* ``?version-id=ID`` on GET, HEAD, DELETE and as the source of COPY means that
  version, for the account's owners; ``null`` is what was written while versioning was
  off.  DELETE of the current version leaves none current
  (``X-Object-Current-Version-Id`` tells).  PUT with it and no body makes that version
  current again;
* ``GET container?versions`` lists all versions as JSON, with ``version_id`` and
  ``is_latest``; pages go on with ``marker`` and ``version_marker``; markers have the
  content type ``application/x-deleted;swift_versions_deleted=1``;
* a container's bytes are those of all its versions; it can be deleted when it has
  none any more (409).

Versions lie in a hidden container that no client can name; the object's own name
holds a link to the current one.  A new version is written before the link is moved
to it, so that at no moment an old version is lost.  What was written before versioning
is copied into a version when it is replaced.

Statuses: 400 for ``version-id`` with POST, in a container without versions, or that is
no version id; 404 for a version that is not there and for delete markers; 400 for
``X-Versions-Enabled`` together with ``X-Versions-Location``, ``X-History-Location`` or
``X-Container-Sync-To``.

::

    [filter:object_versioning]
    use = egg:ringstack#object_versioning
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.concerns import Concerns
from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import TRUE_WORDS
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
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.order import BEFORE_KINDS_OF_OBJECTS
from objectstore.middleware.stored_facts import (
    authorize_read,
    authorize_write,
    container_facts,
    container_metadata,
)
from objectstore.middleware.subrequest import ask
from objectstore.middleware.versions import containers
from objectstore.middleware.versions.link import LINK
from objectstore.middleware.versions.names import NULL, version_to_read
from objectstore.middleware.versions.null import null_timestamp
from objectstore.middleware.versions.place import Place
from objectstore.middleware.versions.posts import post_current, post_version
from objectstore.middleware.versions.reads import (
    VERSION_ID,
    read_current,
    read_version,
)
from objectstore.middleware.versions.writes import Writes

AFTER = BEFORE_KINDS_OF_OBJECTS

_READS = ("GET", "HEAD")
_SWITCH = "HTTP_X_VERSIONS_ENABLED"


@dataclass(frozen=True, slots=True)
class ObjectVersioningSettings:
    """There is nothing to set."""


class ObjectVersioning:
    """The filter; see the module's docstring."""

    concerns = Concerns(container_metadata=(containers.ENABLED, containers.HIDDEN))

    def __init__(self, app: Application, clock: Clock) -> None:
        self.app = app
        self._clock = HybridClock(clock)

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("object_versioning")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Find out whether the request's container has versions; act if so."""
        version, account, container, name = path_parts(environ)
        context: Context = environ[CONTEXT_KEY]
        if context.allow_reserved_names or version not in API_VERSIONS:
            return self.app(environ, start_response)
        if name:
            facts = container_facts(context, account, container)
            if (
                facts is None or containers.HIDDEN not in facts.metadata
            ) and "version-id" not in environ.get("QUERY_STRING", ""):
                return self.app(environ, start_response)
            reply = self._object(Request(environ), account, container)
        elif container:
            reply = self._container(Request(environ), account, container)
        elif account and environ["REQUEST_METHOD"] == "GET":
            return containers.list_containers(self.app, environ, start_response)
        else:
            reply = None
        if reply is None:
            return self.app(environ, start_response)
        return reply(environ, start_response)

    # ---- containers ----------------------------------------------------------------

    def _container(
        self, request: Request, account: str, container: str
    ) -> Reply | None:
        method = request.method
        if method in ("PUT", "POST"):
            if _SWITCH not in request.environ:
                return None
            return containers.switch(Place(self.app, request))
        metadata = container_metadata(request.context, account, container)
        if containers.HIDDEN not in metadata and containers.ENABLED not in metadata:
            if method == "GET" and "versions" in request.environ.get(
                "QUERY_STRING", ""
            ):
                return self._show(request)
            return None
        if method == "DELETE":
            return containers.delete_container(Place(self.app, request))
        return self._show(request) if method in _READS else None

    def _show(self, request: Request) -> Reply:
        return containers.show(Place(self.app, request), is_s3=request.context.is_s3)

    # ---- objects -------------------------------------------------------------------

    def _object(self, request: Request, account: str, container: str) -> Reply | None:
        metadata = container_metadata(request.context, account, container)
        has_versions = containers.HIDDEN in metadata
        wanted = ""
        if "version-id" in request.environ.get("QUERY_STRING", ""):
            wanted = request.query.get("version-id", "")
        if not has_versions and not wanted:
            return None
        method = request.method
        if method not in ("GET", "HEAD", "PUT", "POST", "DELETE"):
            return None
        if wanted and has_versions and not request.context.is_s3:
            # The container's ACL is about what is current.
            containers.authorize_owner(request)
        elif method in _READS:
            authorize_read(request)
        else:
            authorize_write(request)
        if wanted:
            return self._of_version(request, wanted, has_versions=has_versions)
        place = Place(self.app, request)
        if method in _READS:
            return read_current(place)
        if method == "POST":
            return post_current(place)
        writes = Writes(place, self._clock, is_s3=request.context.is_s3)
        is_enabled = metadata.get(containers.ENABLED, "").lower() in TRUE_WORDS
        if method == "PUT":
            return writes.put() if is_enabled else writes.put_suspended()
        return writes.delete() if is_enabled else writes.delete_suspended()

    def _of_version(
        self, request: Request, wanted: str, *, has_versions: bool
    ) -> Reply:
        method = request.method
        if method == "POST" and not request.context.is_s3:
            raise Rejected(400, "POST to a specific version is not allowed")
        if not has_versions and wanted != NULL:
            raise Rejected(
                400,
                "version-aware operations require that the container is versioned",
            )
        place = Place(self.app, request)
        timestamp = version_to_read(wanted)
        writes = Writes(place, self._clock, is_s3=request.context.is_s3)
        if method == "POST":
            return post_version(place, timestamp)
        if method == "PUT":
            if not timestamp:
                raise Rejected(400, "The null version cannot be made current")
            return writes.restore(timestamp)
        if method == "DELETE":
            return (
                writes.delete_version(timestamp) if timestamp else writes.delete_null()
            )
        if timestamp:
            return read_version(place, timestamp)
        return self._read_null(place)

    def _read_null(self, place: Place) -> Reply:
        head = place.head_current()
        if head is not None and not head.header(LINK):
            reply = ask(self.app, place.request.environ)
            reply.set_header(VERSION_ID, NULL)
            return reply
        timestamp = null_timestamp(place) if place.request.context.is_s3 else 0
        if not timestamp:
            raise Rejected(404)
        reply = read_version(place, timestamp)
        reply.set_header(VERSION_ID, NULL)
        return reply


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    read_options(ObjectVersioningSettings, "object_versioning", global_conf, local_conf)
    return lambda app: ObjectVersioning(app, SystemClock())

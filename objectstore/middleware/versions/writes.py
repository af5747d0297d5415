"""PUT and DELETE in a container with versions.

Order of events, so that whatever ends in between, nothing that was acknowledged is
lost: the new data is written as a version of its own; what stands there from before
versioning is copied into a version too; last the link is moved to the new one.
Until then the old version is current.  A version without a link to it is listed as
one more old version.  Writers at once each have a version; the newest is current.
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.kernel.conditions import unquoted
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, no_content, text_reply
from objectstore.kernel.request import CONTEXT_KEY
from objectstore.kernel.timestamps import HybridClock, from_text, to_text
from objectstore.middleware.iterable_input import EMPTY_INPUT
from objectstore.middleware.subrequest import ask, discard
from objectstore.middleware.versions.conditions import check_conditions, deletion_guard
from objectstore.middleware.versions.link import (
    LINK,
    LINK_ETAG,
    MARKER_TYPE,
    SLO_SIZE,
    Target,
    is_marker,
    link_headers,
    target_of_head,
    whole_listed_etag,
)
from objectstore.middleware.versions.names import NULL
from objectstore.middleware.versions.null import (
    EMPTY_ETAG,
    forget_null,
    marks,
    null_timestamp,
    save_null,
)
from objectstore.middleware.versions.place import Place, check, refuse_reduced
from objectstore.middleware.versions.reads import VERSION_ID, newest_version
from objectstore.middleware.versions.upload import CountedInput, upload_type
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE, SHOWN_SIZE

CURRENT_VERSION_ID = "X-Object-Current-Version-Id"
# A null object that is replaced again and again while it is copied: give up.
TRIES = 3


class Writes:
    """The writes to one object."""

    def __init__(self, place: Place, clock: HybridClock, *, is_s3: bool) -> None:
        self._place = place
        self._clock = clock
        self._is_s3 = is_s3

    # ---- PUT ---------------------------------------------------------------------

    def put(self) -> Reply:
        """The client's data becomes a version, and that the current one."""
        place = self._place
        request = place.request
        current = place.head_to_write()
        check_conditions(request, current)
        timestamp = self._next_timestamp(current)
        body = CountedInput(request.body)
        upload = place.upload(place.version_path(timestamp), body)
        content_type = upload_type(request, place.name)
        headers = {"X-Timestamp": to_text(timestamp), "Content-Type": content_type}
        stored = place.ask(upload, headers)
        if stored.status >= 300:
            if stored.status == 404:
                discard(stored)
                check(stored)
            return stored
        etag = unquoted(stored.header("Etag"))
        known = [request.header(name) for name in (SHOWN_SIZE, SLO_SIZE, LISTED_SIZE)]
        size = next(filter(None, known), "") or str(body.size)
        listed = whole_listed_etag(request.header(LISTED_ETAG), etag)
        target = Target(timestamp, etag, listed, int(size), content_type)
        refused = self._make_current(target, current)
        if refused is not None:
            discard(stored)
            place.do(place.own("DELETE", place.version_path(timestamp)))
            return refused
        stored.status = 201
        stored.set_header(VERSION_ID, target.version_id)
        return stored

    def restore(self, timestamp: int) -> Reply:
        """Make an older version the current one."""
        place = self._place
        if place.request.body.read(1):
            raise Rejected(400, "PUT version-id requests require a zero byte body")
        head = place.do(place.own("HEAD", place.version_path(timestamp)))
        if head.status == 404 or is_marker(head.header("Content-Type")):
            raise Rejected(404, "The specified version does not exist")
        check(head)
        target = target_of_head(timestamp, head)
        self._clock.observe(timestamp)
        current = place.head_to_write()
        at = to_text(self._next_timestamp(current))
        refused = self._make_current(target, current, at)
        if refused is not None:
            return refused
        headers = [("Etag", target.etag), (VERSION_ID, target.version_id)]
        return Reply(201, b"", headers, "text/html; charset=UTF-8")

    def _next_timestamp(self, current: Reply | None) -> int:
        """Later than what stands there, or its deletion, whatever the clocks."""
        stood = self._place.gone_at
        if current is not None:
            stood = current.header("X-Timestamp", "0")
        self._clock.observe(from_text(stood))
        return self._clock.now()

    def _make_current(
        self, target: Target, current: Reply | None, at: str = ""
    ) -> Reply | None:
        """Save what was there before versioning, then move the link; the refusal,
        if there is one."""
        for _ in range(TRIES):
            guard = save_null(self._place, current, is_s3=self._is_s3)
            refused = self._link(target, guard, at)
            if refused is None or refused.status != 412 or not guard:
                return refused
            discard(refused)
            # Replaced after it was copied: that must be saved too.
            current = self._place.head_to_write()
        raise Unavailable("versioning: the object changes too quickly")

    def _link(
        self, target: Target, guard: Mapping[str, str], at: str = ""
    ) -> Reply | None:
        """Move the link; the refusal, if the client's conditions do not hold.

        When nobody knows whether it was moved (a 5xx) the version stays.
        """
        place = self._place
        request = place.request
        headers = link_headers(place.account, place.container, place.name, target)
        headers["X-Timestamp"] = at or target.version_id
        for name in ("X-Delete-At", "X-Delete-After", "If-Match", "If-None-Match"):
            if request.has_header(name):
                headers[name] = request.header(name)
        if "If-Match" not in headers and "If-None-Match" not in headers:
            headers.update(guard)
        environ = place.own("PUT", place.path)
        environ["wsgi.input"] = EMPTY_INPUT
        environ["CONTENT_LENGTH"] = "0"
        environ[CONTEXT_KEY].etag_is_at = (LINK_ETAG,)
        reply = place.ask(environ, headers)
        if reply.status < 300:
            discard(reply)
            return None
        if reply.status >= 500:
            discard(reply)
            check(reply)
        return reply

    # ---- DELETE ------------------------------------------------------------------

    def delete(self) -> Reply:
        """Note the deletion as a version, and take the link away.

        With conditions the link's DELETE decides: where it is refused, the note
        goes again (if that fails it is one more old version).
        """
        place = self._place
        current = place.head_to_write()
        guard = deletion_guard(place.request, current)
        save_null(place, current, is_s3=self._is_s3)
        timestamp = self._next_timestamp(current)
        self._write_marker(timestamp, {})
        environ = place.own("DELETE", place.path)
        environ[CONTEXT_KEY].etag_is_at = (LINK_ETAG,)
        reply = place.do(environ, {"X-Timestamp": to_text(timestamp), **guard})
        if reply.status == 412 and guard:
            place.do(place.own("DELETE", place.version_path(timestamp)))
        if reply.status not in (204, 404):
            check(reply)
        headers: HeaderList = [
            (VERSION_ID, to_text(timestamp)),
            ("X-Backend-Content-Type", MARKER_TYPE),
        ]
        return _gone(reply.status, headers)

    def _write_marker(self, timestamp: int, headers: Mapping[str, str]) -> None:
        place = self._place
        environ = place.own("PUT", place.version_path(timestamp))
        environ["CONTENT_LENGTH"] = "0"
        named = {"Content-Type": MARKER_TYPE, "X-Timestamp": to_text(timestamp)}
        place.must(environ, {**named, **headers})

    def delete_version(self, timestamp: int) -> Reply:
        """Remove one version for good; with it the link, if that leads to it.

        The link goes first: should it end in between, the version is an old one.
        """
        place = self._place
        version_id = to_text(timestamp)
        head = place.head_to_write()
        current = NULL if head is None else head.header(LINK) or NULL
        was_current = current == version_id
        if was_current:
            self._unlink(head)
            current = NULL
        reply = place.do(place.own("DELETE", place.version_path(timestamp)))
        if reply.status not in (204, 404):
            check(reply)
        if self._is_s3 and (was_current or head is None):
            current = self._promote() or NULL
        headers = [(VERSION_ID, version_id), (CURRENT_VERSION_ID, current)]
        return _gone(reply.status, headers)

    def _unlink(self, head: Reply | None) -> None:
        place = self._place
        at = to_text(self._next_timestamp(head))
        reply = place.do(place.own("DELETE", place.path), {"X-Timestamp": at})
        if reply.status != 404:
            check(reply)

    def _promote(self) -> str:
        """Make the newest version that is left current, as S3 does; its id."""
        place = self._place
        newest = newest_version(place)
        if newest is None or is_marker(newest[1]):
            return ""
        head = place.do(place.own("HEAD", place.version_path(newest[0])))
        refuse_reduced(head)
        if head.status == 404:
            return ""
        check(head)
        target = target_of_head(newest[0], head)
        # Newer than the deletion; a write that comes in between is newer, and stays.
        self._link(target, {}, to_text(self._next_timestamp(None)))
        return target.version_id

    # ---- the null version --------------------------------------------------------

    def delete_null(self) -> Reply:
        """Remove what was there before versioning; first, if there is one, its link."""
        place = self._place
        head = place.head_to_write()
        link = "" if head is None else head.header(LINK)
        set_aside = null_timestamp(place) if self._is_s3 and link else 0
        was_current = head is not None and link in ("", to_text(set_aside))
        if was_current:
            self._unlink(head)
            link = ""
        removed = self._is_s3 and forget_null(place)
        current = link or NULL
        if self._is_s3 and current == NULL and (removed or was_current):
            current = self._promote() or NULL
        headers = [(VERSION_ID, NULL), (CURRENT_VERSION_ID, current)]
        return _gone(204 if removed or was_current else 404, headers)

    # ---- while versioning is suspended -------------------------------------------

    def put_suspended(self) -> Reply:
        """The data replaces what is current as the null version."""
        place = self._place
        place.request.context.etag_is_at = (LINK_ETAG,)
        reply = ask(place.app, place.request.environ)
        if reply.status < 300 and self._is_s3:
            forget_null(place)
            reply.set_header(VERSION_ID, NULL)
        return reply

    def delete_suspended(self) -> Reply:
        """Swift just deletes; S3 notes the deletion as the null version."""
        place = self._place
        place.request.context.etag_is_at = (LINK_ETAG,)
        if not self._is_s3:
            return ask(place.app, place.request.environ)
        current = place.head_to_write()
        if deletion_guard(place.request, current):
            # The null version itself goes: its own DELETE judges the conditions.
            gone = place.do(place.request.environ)
            if gone.status != 404:
                check(gone)
            current = None
        forget_null(place)
        timestamp = self._next_timestamp(current)
        self._write_marker(timestamp, marks(EMPTY_ETAG))
        environ = place.own("DELETE", place.path)
        reply = place.do(environ, {"X-Timestamp": to_text(timestamp)})
        if reply.status not in (204, 404):
            check(reply)
        return _gone(204, [(VERSION_ID, NULL)])


def _gone(status: int, headers: HeaderList) -> Reply:
    """204 or 404 with what is told of versions."""
    if status == 404:
        return text_reply(404, "", headers)
    return no_content(headers)

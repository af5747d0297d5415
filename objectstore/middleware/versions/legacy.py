"""Old versions as objects in a container that the client names.

A version is called ``LLLname/time``: the length of the object's name in three hex
digits, the name, and when it was written.  The old version is copied before the new
one is written: should it end in between, there is one copy too many.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import orjson

from objectstore.kernel.conditions import unquoted
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.timestamps import HybridClock, from_text, to_text
from objectstore.middleware.iterable_input import IterableInput
from objectstore.middleware.subrequest import (
    ask,
    close_body,
    discard,
    read_reply,
)
from objectstore.middleware.versions.link import MARKER_TYPE, is_marker
from objectstore.middleware.versions.null import kept_headers
from objectstore.middleware.versions.place import Place, check, refuse_reduced

LISTING_BYTES_MAX = 8 * 1024 * 1024
PAGE = 100


class Legacy:
    """The writes to one object whose old versions go to ``location``."""

    def __init__(self, place: Place, location: str, clock: HybridClock) -> None:
        self._place = place
        self._clock = clock
        version = place.request.split()[0]
        self._location = f"/{version}/{place.account}/{unquote(location)}"
        self._prefix = f"{len(place.name.encode()):03x}{place.name}/"

    def put(self) -> Reply:
        """Save what is there, then let the client's PUT go on."""
        self._save_current()
        return ask(self._place.app, self._place.request.environ)

    def delete_keeping_history(self) -> Reply:
        """Save what is there, note the deletion as a version, then delete."""
        place = self._place
        self._save_current()
        at = to_text(self._clock.now())
        environ = place.own("PUT", self._version_path(at))
        environ["CONTENT_LENGTH"] = "0"
        headers = {"Content-Type": MARKER_TYPE, "X-Timestamp": at}
        check_stored(place.do(environ, headers))
        return ask(place.app, place.request.environ)

    def delete_from_stack(self) -> Reply:
        """Put the newest version in the place of what is there; without any, delete."""
        place = self._place
        while True:
            newest = self._newest()
            if newest is None:
                break
            name, content_type = newest
            path = f"{self._location}/{name}"
            if is_marker(content_type):
                if place.head_to_write() is not None:
                    break
                # Deleted already while history was kept: go on below the note.
                self._remove(path)
                continue
            read = place.ask(place.own("GET", path, symlink="get"))
            _refuse_reduced(read)
            if read.status == 404:
                discard(read)
                self._remove(path)
                continue
            if read.status >= 300:
                discard(read)
                raise Unavailable(f"the old version cannot be read: {read.status}")
            check_stored(self._copied(read, place.path, {}))
            return place.ask(place.own("DELETE", path))
        return ask(place.app, place.request.environ)

    # ---- versions --------------------------------------------------------------

    def _version_path(self, at: str) -> str:
        return f"{self._location}/{self._prefix}{at}"

    def _remove(self, path: str) -> None:
        gone = self._place.do(self._place.own("DELETE", path))
        if gone.status != 404:
            check(gone)

    def _save_current(self) -> None:
        place = self._place
        read = place.ask(place.own("GET", place.path, symlink="get"))
        _refuse_reduced(read)
        if read.status == 404:
            discard(read)
            return
        if read.status >= 300:
            discard(read)
            raise Unavailable(f"what is there cannot be read: {read.status}")
        at = read.header("X-Timestamp", "0")
        self._clock.observe(from_text(at))
        path = self._version_path(to_text(from_text(at)))
        check_stored(self._copied(read, path, {"X-Timestamp": at}))

    def _copied(self, read: Reply, path: str, headers: Mapping[str, str]) -> Reply:
        place = self._place
        named = {**kept_headers(read), **headers, "Etag": unquoted(read.header("Etag"))}
        environ = place.own("PUT", path)
        environ["wsgi.input"] = IterableInput(read.body)
        environ["CONTENT_LENGTH"] = read.header("Content-Length")
        try:
            return place.do(environ, named)
        finally:
            close_body(read.body)

    def _newest(self) -> tuple[str, str] | None:
        """(name, content type) of the newest version; None: there is none."""
        environ = self._place.own(
            "GET",
            self._location,
            format="json",
            prefix=self._prefix,
            reverse="true",
            limit=str(PAGE),
        )
        reply = self._place.ask(environ)
        _refuse_reduced(reply)
        if reply.status >= 300 and reply.status != 404:
            discard(reply)
            raise Unavailable(f"the old versions cannot be listed: {reply.status}")
        if reply.status != 200:
            discard(reply)
            return None
        for entry in orjson.loads(read_reply(reply, LISTING_BYTES_MAX)):
            # Longer names may begin as this one's versions do.
            if "/" not in entry["name"][len(self._prefix) :]:
                return entry["name"], entry["content_type"]
        return None


def _refuse_reduced(read: Reply) -> None:
    try:
        refuse_reduced(read)
    except Unavailable:
        discard(read)
        raise


def check_stored(reply: Reply) -> None:
    """Raise unless the old version is safe: only then may it be replaced."""
    if reply.status < 300:
        return
    if reply.status < 500:
        # As Swift: the container for versions is missing.
        raise Rejected(412)
    raise Unavailable(f"the old version cannot be saved: {reply.status}")

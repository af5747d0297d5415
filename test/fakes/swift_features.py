"""Static large objects and object versions over a Swift application, in memory.

What the S3 face relies on of Swift's documented semantics, and no more: a filter
for tests whose pipeline ends in a store without these features.  Versions are kept
in a table beside the store, with copies of their bodies.
"""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Request

SLO = "X-Object-Sysmeta-Slo-Size"
MARKER_TYPE = "application/x-deleted;swift_versions_deleted=1"
ENABLED = "X-Container-Sysmeta-Versions-Enabled"


@dataclass
class Version:
    """One version of a name."""

    version_id: str
    headers: list[tuple[str, str]]
    body: bytes
    is_marker: bool = False


class SwiftFeatures:
    """The filter."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.states: dict[tuple[str, str], str] = {}
        self.versions: dict[tuple[str, str], dict[str, list[Version]]] = {}
        self._numbers = itertools.count(1700000001)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        _, account, container, name = request.split()
        place = (account, container)
        if name and request.query.get("multipart-manifest") == "put":
            reply = self._put_manifest(environ, request, account)
            if reply is not None:
                return reply(environ, start_response)
        if container and not name:
            reply = self._container(request, place)
        elif name and place in self.states:
            reply = self._versioned(environ, request, place, name)
        else:
            reply = self._plain(environ, request)
        if request.method == "HEAD" and reply.status < 300:
            reply.body = ()
        return reply(environ, start_response)

    # ---- static large objects ---------------------------------------------------

    def _plain(self, environ: dict[str, Any], request: Request) -> Reply:
        wants = request.method in ("GET", "HEAD")
        raw = request.query.get("multipart-manifest") == "get"
        if not wants or raw:
            return self._ask(environ)
        head = self._ask({**environ, "REQUEST_METHOD": "HEAD", "HTTP_RANGE": ""})
        if not head.header(SLO):
            return self._ask(environ)
        manifest = self._ask(_without_range(environ, "GET"))
        pieces = []
        for segment in orjson.loads(b"".join(manifest.body)):
            path = f"/v1/{request.split()[1]}{segment['path']}"
            got = self._ask({**_without_range(environ, "GET"), "PATH_INFO": path})
            data = b"".join(got.body)
            if hashlib.md5(data).hexdigest() != segment["etag"]:
                return Reply(409, b"a segment has changed")
            pieces.append(data)
        body = b"".join(pieces)
        return _ranged(request, body, list(head.headers))

    def _put_manifest(
        self, environ: dict[str, Any], request: Request, account: str
    ) -> Reply | None:
        body = environ["wsgi.input"].read()
        joined, size = b"", 0
        for segment in orjson.loads(body):
            path = f"/v1/{account}{segment['path']}"
            head = self._ask({**_without_range(environ, "HEAD"), "PATH_INFO": path})
            right = (
                head.status == 200
                and head.header("Etag") == segment["etag"]
                and int(head.header("Content-Length")) == segment["size_bytes"]
                and segment["size_bytes"] > 0
            )
            if not right:
                return Reply(400, f"bad segment {segment['path']}")
            joined += segment["etag"].encode()
            size += segment["size_bytes"]
        request.set_header(SLO, str(size))
        request.set_header("X-Object-Sysmeta-Slo-Etag", hashlib.md5(joined).hexdigest())
        request.set_header("X-Object-Sysmeta-Container-Update-Override-Size", str(size))
        environ["wsgi.input"] = io.BytesIO(body)
        request.set_query({}, "")
        return None

    # ---- versions -----------------------------------------------------------------

    def _container(self, request: Request, place: tuple[str, str]) -> Reply:
        wanted = request.header("X-Versions-Enabled").lower()
        if wanted and request.method in ("PUT", "POST"):
            request.set_header(ENABLED, wanted)
            self.states[place] = wanted
            self.versions.setdefault(place, {})
        if request.method == "GET" and "versions" in request.query:
            return self._list(request, place)
        if request.method == "DELETE" and any(self.versions.get(place, {}).values()):
            return Reply(409, b"there are versions")
        reply = self._ask(request.environ)
        if place in self.states:
            reply.set_header("X-Versions-Enabled", self.states[place].title())
        return reply

    def _versioned(
        self,
        environ: dict[str, Any],
        request: Request,
        place: tuple[str, str],
        name: str,
    ) -> Reply:
        known = self.versions[place].setdefault(name, [])
        wanted = request.query.get("version-id", "")
        on = self.states[place] == "true"
        if request.method in ("PUT", "POST") and wanted:
            return Reply(400, b"version-id is not allowed here")
        if request.method == "PUT":
            self._adopt(environ, known)
            reply = self._plain(environ, request)
            if reply.status == 201:
                version = self._new_id() if on else "null"
                self._record(environ, known, version)
                reply.set_header("X-Object-Version-Id", version)
            return reply
        if request.method == "DELETE":
            return self._delete(environ, request, known, wanted, on=on)
        if request.method == "POST" or not wanted:
            reply = self._plain(environ, request)
            if request.method == "POST" and known:
                self._record(environ, known, known.pop().version_id)
            if known:
                reply.set_header("X-Object-Version-Id", known[-1].version_id)
                if known[-1].is_marker:
                    reply.set_header("Content-Type", MARKER_TYPE)
            return reply
        for each in known:
            if each.version_id == wanted:
                return self._shown(request, each)
        if wanted == "null" and not known:
            return self._plain(environ, request)
        return Reply(404, b"")

    def _shown(self, request: Request, version: Version) -> Reply:
        headers = [*version.headers, ("X-Object-Version-Id", version.version_id)]
        if version.is_marker:
            headers.append(("Content-Type", MARKER_TYPE))
            return Reply(404, b"", headers)
        return _ranged(request, version.body, headers)

    def _delete(
        self,
        environ: dict[str, Any],
        request: Request,
        known: list[Version],
        wanted: str,
        *,
        on: bool,
    ) -> Reply:
        if not wanted:
            self._adopt(environ, known)
            made = _without_range(environ, "DELETE")
            for key in ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"):
                if key in environ:
                    made[key] = environ[key]
            deleted = self._ask(made)
            if deleted.status == 412:
                return deleted
            version = self._new_id() if on else "null"
            if not on:
                known[:] = [item for item in known if item.version_id != "null"]
            known.append(Version(version, [], b"", is_marker=True))
            return Reply(204, (), [("X-Object-Version-Id", version)])
        found = [item for item in known if item.version_id == wanted]
        if not found:
            return Reply(404, b"")
        was_current = known[-1].version_id == wanted
        known.remove(found[0])
        if was_current:
            self._ask(_without_range(environ, "DELETE"))
            if known and not known[-1].is_marker:
                self._restore(environ, known[-1])
        return Reply(204, (), [("X-Object-Version-Id", wanted)])

    def _restore(self, environ: dict[str, Any], version: Version) -> None:
        made = _without_range(environ, "PUT")
        made["wsgi.input"] = io.BytesIO(version.body)
        made["CONTENT_LENGTH"] = str(len(version.body))
        request = Request(made)
        for name, value in version.headers:
            if name.startswith("X-Object-") or name == "Content-Type":
                request.set_header(name, value)
        if "CONTENT_TYPE" not in made:
            made["CONTENT_TYPE"] = "application/octet-stream"
        self._ask(made)

    def _adopt(self, environ: dict[str, Any], known: list[Version]) -> None:
        """What was there before versioning is the null version."""
        if not known:
            head = self._ask(_without_range(environ, "HEAD"))
            if head.status == 200:
                self._record(environ, known, "null")

    def _record(
        self, environ: dict[str, Any], known: list[Version], version_id: str
    ) -> None:
        made = _without_range(environ, "GET")
        got = self._plain(made, Request(made))
        if version_id == "null":
            known[:] = [item for item in known if item.version_id != "null"]
        known.append(Version(version_id, got.headers, b"".join(got.body)))

    def _list(self, request: Request, place: tuple[str, str]) -> Reply:
        query = request.query
        prefix, marker = query.get("prefix", ""), query.get("marker", "")
        version_marker = query.get("version_marker", "")
        entries: list[dict[str, Any]] = []
        for name in sorted(self.versions.get(place, {})):
            known = self.versions[place][name]
            if not name.startswith(prefix) or name < marker:
                continue
            if name == marker and not version_marker:
                continue
            passed = name != marker
            for version in reversed(known):
                if passed:
                    entries.append(
                        _listed(name, version, is_latest=version is known[-1])
                    )
                passed = passed or version.version_id == version_marker
        limit = int(query.get("limit", "10000"))
        return Reply(200, orjson.dumps(entries[:limit]))

    def _new_id(self) -> str:
        return f"{next(self._numbers)}.00000"

    def _ask(self, environ: dict[str, Any]) -> Reply:
        head: list[Any] = []

        def start(status: str, headers: Any, exc_info: Any = None) -> None:
            head[:] = [
                int(status[:3]),
                [(name, value.encode("latin-1").decode()) for name, value in headers],
            ]

        if not environ.get("HTTP_RANGE"):
            environ.pop("HTTP_RANGE", None)
        body = self.app(environ, start)
        reply = Reply(head[0], (), head[1])
        reply.body = body
        return reply


Application = Callable[..., Any]


def _without_range(environ: dict[str, Any], method: str) -> dict[str, Any]:
    made = {
        key: value
        for key, value in environ.items()
        if key != "CONTENT_LENGTH" and not key.startswith("HTTP_")
    }
    made.update(REQUEST_METHOD=method, QUERY_STRING="")
    made["wsgi.input"] = io.BytesIO()
    return made


def _ranged(request: Request, body: bytes, headers: list[tuple[str, str]]) -> Reply:
    kept = [
        pair for pair in headers if pair[0] not in ("Content-Length", "Content-Range")
    ]
    slo_etag = dict(kept).get("X-Object-Sysmeta-Slo-Etag")
    if slo_etag:
        kept = [pair for pair in kept if pair[0] != "Etag"]
        kept += [("Etag", f'"{slo_etag}"'), ("X-Static-Large-Object", "True")]
    if request.has_header("Range"):
        first, _, last = request.header("Range").removeprefix("bytes=").partition("-")
        start = int(first)
        stop = min(int(last or len(body)) + 1, len(body))
        shown = ("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")
        return Reply(206, body[start:stop], [*kept, shown])
    return Reply(200, body, kept)


def _listed(name: str, version: Version, *, is_latest: bool) -> dict[str, Any]:
    headers = dict(version.headers)
    return {
        "name": name,
        "version_id": version.version_id,
        "is_latest": is_latest,
        "bytes": len(version.body),
        "hash": headers.get("Etag", "").strip('"'),
        "content_type": MARKER_TYPE
        if version.is_marker
        else headers.get("Content-Type", ""),
        "last_modified": "2026-01-02T03:04:05.678900",
    }

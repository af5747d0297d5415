"""Containers with versions: switching it on and off, counts, listings, the end."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.option_types import TRUE_WORDS
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.timestamps import to_text
from objectstore.middleware.auth import account_acl
from objectstore.middleware.stored_facts import account_metadata, container_metadata
from objectstore.middleware.subrequest import ask, discard, read_reply
from objectstore.middleware.versions.link import LINK
from objectstore.middleware.versions.listing import hidden_query, merge_versions
from objectstore.middleware.versions.names import (
    HIDDEN_PREFIX,
    NULL,
    split_version,
    versions_prefix,
    visible_container,
)
from objectstore.middleware.versions.null import null_timestamp
from objectstore.middleware.versions.place import Place, mark_reduced, refuse_reduced

PUBLIC = "X-Versions-Enabled"
ENABLED = "X-Container-Sysmeta-Versions-Enabled"
HIDDEN = "X-Container-Sysmeta-Versions-Container"
LEGACY = ("X-Versions-Location", "X-History-Location")
LEGACY_STORED = "X-Container-Sysmeta-Versions-Location"
SYNC_TO = "X-Container-Sync-To"
LISTING_MAX = 10_000
LISTING_BYTES_MAX = 64 * 1024 * 1024


def switch(place: Place) -> Reply:
    """PUT or POST with ``X-Versions-Enabled``."""
    request = place.request
    authorize_owner(request)
    known = container_metadata(request.context, place.account, place.container)
    if any(name in known or request.header(name) for name in (*LEGACY, LEGACY_STORED)):
        raise Rejected(
            400,
            "Cannot enable object versioning on a container that is already using the "
            "legacy versioned writes feature.",
        )
    if known.get(SYNC_TO):
        raise Rejected(
            400,
            "Cannot enable object versioning on a container configured as source of "
            "container syncing.",
        )
    is_enabled = request.header(PUBLIC).strip().lower() in TRUE_WORDS
    request.set_header(ENABLED, str(is_enabled))
    made = False
    if is_enabled:
        made = _make_hidden(place)
        request.set_header(HIDDEN, quote(place.hidden))
    reply = ask(place.app, request.environ)
    if reply.status >= 300 and made:
        place.do(place.own("DELETE", place.hidden_path()))
    if reply.status < 300:
        reply.set_header(PUBLIC, str(is_enabled))
    return reply


def _make_hidden(place: Place) -> bool:
    """Make the hidden container, of the same policy; whether it is new."""
    request = place.request
    head = place.do(place.own("HEAD", place.container_path()))
    policy = head.header("X-Storage-Policy") or request.header("X-Storage-Policy")
    headers = {"X-Storage-Policy": policy} if policy else {}
    environ = place.own("PUT", place.hidden_path())
    environ["CONTENT_LENGTH"] = "0"
    reply = place.do(environ, headers)
    if reply.status >= 500:
        raise Unavailable("the container for versions cannot be made")
    if reply.status >= 300 and reply.status != 409:
        raise Rejected(reply.status)
    return reply.status == 201


def authorize_owner(request: Request) -> None:
    """Ask for the right to change the container itself.  Raises Rejected."""
    context = request.context
    if context.authorize is not None:
        stored = account_metadata(context, request.split()[1])
        acl = stored.get(account_acl.STORED_HEADER, "")
        context.authorize(request, AccessRules("", acl))


def delete_container(place: Place) -> Reply:
    """DELETE: 409 while there are versions; the hidden container goes last."""
    authorize_owner(place.request)
    head = place.do(place.own("HEAD", place.hidden_path()))
    refuse_reduced(head)
    if head.status >= 500:
        raise Unavailable("the container for versions does not answer")
    if head.header("X-Container-Object-Count", "0") != "0":
        raise Rejected(409, "Delete all versions before deleting container.")
    reply = ask(place.app, place.request.environ)
    if reply.status < 300:
        place.do(place.own("DELETE", place.hidden_path()))
    return reply


def show(place: Place, *, is_s3: bool) -> Reply:
    """GET and HEAD: the public header, the bytes of all versions, ``?versions``."""
    request = place.request
    if request.method == "GET" and "versions" in request.query:
        return _all_versions(place, is_s3=is_s3)
    reply = ask(place.app, request.environ)
    if reply.status < 300:
        _complete_head(place, reply)
    return reply


def _complete_head(place: Place, reply: Reply) -> None:
    head = place.do(place.own("HEAD", place.hidden_path()))
    more = head.header("X-Container-Bytes-Used")
    own = reply.header("X-Container-Bytes-Used")
    if own.isdigit() and more.isdigit():
        reply.set_header("X-Container-Bytes-Used", str(int(own) + int(more)))
    reply.set_header(PUBLIC, reply.header(ENABLED) or "False")


def _all_versions(place: Place, *, is_s3: bool) -> Reply:
    request = place.request
    query = request.query
    if not _takes_json(request):
        raise Rejected(406)
    of_versions = hidden_query(_with_place_of_null(place, query) if is_s3 else query)
    kept = {name: text for name, text in query.items() if name != "versions"}
    kept["format"] = "json"
    shown_environ = dict(request.environ)
    shown_environ["QUERY_STRING"] = urlencode(kept)
    reply = ask(place.app, shown_environ)
    if reply.status >= 300:
        return reply
    entries = _entries(reply)
    hidden = place.ask(place.own("GET", place.hidden_path(), **of_versions))
    versions = _entries(hidden) if hidden.status == 200 else []
    if hidden.status != 200:
        discard(hidden)
    if hidden.status >= 500:
        raise Unavailable("the versions cannot be listed")
    mark_reduced(reply, hidden)
    continued = query.get("marker", "") if query.get("version_marker") else ""
    is_reverse = query.get("reverse", "").lower() in TRUE_WORDS
    page = merge_versions(
        entries,
        versions,
        _current_of(place, continued),
        continued,
        _limit(query.get("limit", "")),
        _newest_of_last(place, versions) if is_reverse else {},
        reverse=is_reverse,
        names_null=is_s3,
    )
    body = orjson.dumps(page)
    _complete_head(place, reply)
    reply.set_header("Content-Type", "application/json; charset=utf-8")
    reply.set_header("Content-Length", str(len(body)))
    reply.status = 200
    reply.body = [body]
    return reply


def _takes_json(request: Request) -> bool:
    """Whether a listing of versions, which is JSON only, is acceptable."""
    form = request.query.get("format", "").lower()
    if form in ("plain", "xml"):
        return False
    accept = request.header("Accept")
    if form or not accept:
        return True
    return any(kind in accept for kind in ("json", "*/*", "application/*"))


def _with_place_of_null(place: Place, query: Mapping[str, str]) -> Mapping[str, str]:
    """A page that begins behind S3's null version, which may be any of a name's."""
    if query.get("version_marker") != NULL or not query.get("marker"):
        return query
    named = copy(place)
    named.name = query["marker"]
    timestamp = null_timestamp(named)
    return {**query, "version_marker": to_text(timestamp)} if timestamp else query


def _current_of(place: Place, name: str) -> dict[str, str]:
    """The current version of the name in whose middle a page begins."""
    if not name:
        return {}
    head = place.do(
        place.own("HEAD", f"{place.container_path()}/{name}", symlink="get")
    )
    return {name: head.header(LINK) or NULL} if head.status < 300 else {}


def _newest_of_last(place: Place, versions: list[dict[str, Any]]) -> dict[str, str]:
    """The newest version of the name with which a page of them ends."""
    found = split_version(versions[-1].get("name", "")) if versions else None
    if found is None:
        return {}
    query = {"format": "json", "limit": "1", "prefix": versions_prefix(found[0])}
    reply = place.ask(place.own("GET", place.hidden_path(), **query))
    if reply.status != 200:
        discard(reply)
        raise Unavailable("the container for versions does not answer")
    stored = [split_version(entry["name"]) for entry in _entries(reply)]
    return {name: to_text(timestamp) for name, timestamp in filter(None, stored)}


def _entries(reply: Reply) -> list[dict[str, Any]]:
    body = read_reply(reply, LISTING_BYTES_MAX)
    entries: list[dict[str, Any]] = orjson.loads(body) if body else []
    return entries


def _limit(text: str) -> int:
    return min(int(text), LISTING_MAX) if text.isascii() and text.isdigit() else 10_000


def list_containers(
    app: Application, environ: Environ, start_response: StartResponse
) -> Any:
    """GET of an account in JSON: each container's bytes with those of its versions."""
    request = Request(environ)
    reply = ask(app, environ)
    if reply.status != 200 or "json" not in reply.header("Content-Type"):
        return reply(environ, start_response)
    entries = _entries(reply)
    place = Place(app, request)
    more: dict[str, int] = {}
    if entries:
        names = [entry["name"] for entry in entries if "name" in entry]
        more = _hidden_bytes(place, names)
    for entry in entries:
        entry["bytes"] = entry.get("bytes", 0) + more.get(entry.get("name", ""), 0)
        if "name" not in entry:
            del entry["bytes"]
    body = orjson.dumps(entries)
    reply.set_header("Content-Length", str(len(body)))
    reply.body = [body]
    return reply(environ, start_response)


def _hidden_bytes(place: Place, names: list[str]) -> dict[str, int]:
    """The bytes of the versions of containers between the first and last name."""
    if not names:
        return {}
    query = {"format": "json", "prefix": HIDDEN_PREFIX}
    first, last = min(names), max(names)
    query["end_marker"] = HIDDEN_PREFIX + last + "\0"
    # Exclusive: what is just before the first name.
    query["marker"] = HIDDEN_PREFIX + first[:-1]
    environ = place.own("GET", f"/v1/{place.account}", **query)
    reply = place.ask(environ)
    if reply.status != 200:
        discard(reply)
        return {}
    return {
        visible_container(entry["name"]): entry["bytes"]
        for entry in _entries(reply)
        if "name" in entry
    }

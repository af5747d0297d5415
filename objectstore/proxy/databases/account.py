"""Accounts: GET, HEAD, PUT, POST and DELETE, and their coming into being."""

from __future__ import annotations

from typing import Any

import orjson

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.kernel.request import Request
from objectstore.kernel.timestamps import to_text
from objectstore.proxy.access import authorize
from objectstore.proxy.databases.changes import change_account
from objectstore.proxy.databases.replies import (
    listing_reply,
    put_reply,
    shown_metadata,
    timed_items,
)
from objectstore.proxy.known.databases import view_database
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.accept import listing_content_type
from objectstore.proxy.protocol.headers import (
    OWED,
    REDUCED,
    check_changes,
    internal_timestamp,
    may_see_all,
    metadata_changes,
)
from objectstore.proxy.protocol.listing import form_of, render_xml
from objectstore.proxy.protocol.listing_query import listing_query
from objectstore.wire.listing_forms import Entry, described, shown
from objectstore.wire.marks import ACCOUNT_DELETED, deletion_mark
from objectstore.wire.records import ContainerRow, DatabaseInfo

_MANAGED = ("GET", "HEAD", "POST")


def get_account(parts: Parts, request: Request, account: str) -> Reply:
    """The account's headers and, for GET, one page of its containers.

    An account that is not there yet is shown empty to who could create it.
    """
    content_type = listing_content_type(request)
    query = listing_query(request, hides_reserved=True)
    authorize(parts, request, account)
    key, group = parts.placement.account(account)
    view = view_database(parts.rounds, group, key)
    info = view.info
    if info is None:
        if not _may_create(parts, request) or view.was_deleted:
            return text_reply(404, "", [REDUCED] if view.is_reduced else [])
        headers = _count_headers(0, 0, 0, parts.timestamps.now())
    else:
        headers = _headers(parts, request, info)
    if view.is_reduced:
        headers.append(REDUCED)
    if request.method == "HEAD":
        headers.append(("Content-Type", f"{content_type}; charset=utf-8"))
        return Reply(204, (), headers)
    form = form_of(content_type)
    if form == "text":
        body = view.shown(query, form) if info is not None else shown((), form)
    else:
        entries = view.page(query) if info is not None else ()
        described = [_described(parts, entry) for entry in entries]
        if form is None:
            body = render_xml(described, "account", account)
        else:
            body = orjson.dumps(described)
    return listing_reply(body, headers, f"{content_type}; charset=utf-8")


def _described(parts: Parts, entry: Entry) -> dict[str, Any]:
    """What is shown of an entry: of a container also its policy's name."""
    fields = described(entry)
    if isinstance(entry, ContainerRow):
        policy = parts.policies.by_index(entry.policy)
        fields["storage_policy"] = "" if policy is None else policy.name
    return fields


def _headers(parts: Parts, request: Request, info: DatabaseInfo) -> HeaderList:
    counts = (info.container_count, info.object_count, info.bytes_used)
    headers = _count_headers(*counts, info.created)
    if len(parts.policies) == 1:
        # All is of the one policy.  Of several, nobody has added up each one's share.
        prefix = f"X-Account-Storage-Policy-{parts.policies.default.name}"
        names = ("Container-Count", "Object-Count", "Bytes-Used")
        headers += [
            (f"{prefix}-{name}", str(count))
            for name, count in zip(names, counts, strict=True)
        ]
    return headers + shown_metadata(request, info)


def _count_headers(
    containers: int, objects: int, size: int, timestamp: int
) -> HeaderList:
    return [
        ("X-Account-Container-Count", str(containers)),
        ("X-Account-Object-Count", str(objects)),
        ("X-Account-Bytes-Used", str(size)),
        ("X-Timestamp", to_text(timestamp)),
        ("Accept-Ranges", "bytes"),
    ]


def _may_create(parts: Parts, request: Request) -> bool:
    return parts.settings.account_autocreate and may_see_all(request.context)


def put_account(parts: Parts, request: Request, account: str) -> Reply:
    """Create (201) or update (202); for reseller admins."""
    _check_manager(parts, request, account)
    changes = metadata_changes(request, "Account")
    check_changes("Account", changes)
    is_new = parts.facts.account(account) is None
    if is_new:
        key, group = parts.placement.account(account)
        if view_database(parts.rounds, group, key).is_marked:
            raise Rejected(403, "Recently deleted")
    _create(parts, account, changes, internal_timestamp(request))
    return put_reply(is_new=is_new)


def delete_account(parts: Parts, request: Request, account: str) -> Reply:
    """Delete, for reseller admins.  An account that has containers is marked: it is
    gone for its users, and the reaper removes what is in it."""
    if request.environ.get("QUERY_STRING"):
        # A query that some filter should have caught must not cost an account.
        raise Rejected(400)
    _check_manager(parts, request, account)
    key, group = parts.placement.account(account)
    # Two that were away may not have heard of what the third has.
    view = view_database(parts.rounds, group, key, everybody=True)
    if view.info is None:
        return text_reply(404)
    if view.is_reduced:
        raise Unavailable("too few replicas to know what is in the account")
    timestamp = internal_timestamp(request) or parts.timestamps.now()
    mark = timed_items({ACCOUNT_DELETED: deletion_mark(timestamp)}, timestamp)
    try:
        if not view.is_empty():
            return change_account(
                parts, account, lambda node: node.post(key, mark), view.info
            )
        return change_account(
            parts, account, lambda node: node.delete(key, timestamp), view.info
        )
    except Rejected as refusal:
        if refusal.status == 409:
            # A container came meanwhile: replicas that took the deletion must not
            # hand it on, or its row would be lost.
            _create(parts, account, dict(view.info.metadata), 0)
        raise
    finally:
        parts.facts.forget_account(account)


def _check_manager(parts: Parts, request: Request, account: str) -> None:
    if not parts.settings.allow_account_management:
        raise Rejected(405, headers=(("Allow", ", ".join(_MANAGED)),))
    authorize(parts, request, account)
    context = request.context
    if context.authorize is not None and not (
        context.identity is not None and context.identity.is_reseller_admin
    ):
        raise Rejected(403)


def post_account(parts: Parts, request: Request, account: str) -> Reply:
    """Change metadata, creating the account if its owner asks."""
    authorize(parts, request, account)
    changes = metadata_changes(request, "Account")
    check_changes("Account", changes)
    ensure_account(parts, request, account)
    key, _ = parts.placement.account(account)
    timed = timed_items(changes, internal_timestamp(request) or parts.timestamps.now())
    try:
        return change_account(parts, account, lambda node: node.post(key, timed))
    finally:
        parts.facts.forget_account(account)


def ensure_account(parts: Parts, request: Request, account: str) -> None:
    """Create the account when its owner uses it first; Rejected 404 otherwise."""
    if parts.facts.account(account) is not None:
        return
    if not _may_create(parts, request):
        raise Rejected(404)
    key, group = parts.placement.account(account)
    if view_database(parts.rounds, group, key).was_deleted:
        raise Rejected(404)
    _create(parts, account, {}, 0)


def _create(
    parts: Parts, account: str, changes: dict[str, str], timestamp: int
) -> None:
    key, group = parts.placement.account(account)
    at = timestamp or parts.timestamps.now()
    timed = timed_items(changes, at)
    try:
        parts.rounds.write(
            group, lambda node: node.create(key, account, at, timed), key=key
        )
    finally:
        parts.facts.forget_account(account)


def note_container(parts: Parts, account: str, row: ContainerRow) -> HeaderList:
    """Tell the account of a container; the headers that say if that is owed.

    When too few of the account's replicas answer, the container's own replicas
    deliver the row later, as they deliver its counts.
    """
    key, group = parts.placement.account(account)
    asked = [(node, node.merge(key, account, [row])) for node in group.primaries]
    try:
        parts.rounds.settle(group, key, asked)
    except (Unavailable, Rejected):
        return [OWED]
    return []

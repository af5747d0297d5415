"""Containers: GET, HEAD, PUT, POST and DELETE."""

from __future__ import annotations

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.kernel.request import Request
from objectstore.kernel.timestamps import to_text
from objectstore.policy.policies import Policy
from objectstore.proxy.access import READ_ACL, authorize
from objectstore.proxy.databases.account import ensure_account, note_container
from objectstore.proxy.databases.changes import change_container
from objectstore.proxy.databases.replies import (
    listing_reply,
    put_reply,
    shown_metadata,
    timed_items,
)
from objectstore.proxy.known.databases import view_database
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.accept import listing_content_type
from objectstore.proxy.protocol.dates import http_date
from objectstore.proxy.protocol.headers import (
    REDUCED,
    check_changes,
    internal_timestamp,
    metadata_changes,
)
from objectstore.proxy.protocol.listing import FIELDS, form_of, render_xml
from objectstore.proxy.protocol.listing_query import listing_query
from objectstore.wire.listing_forms import described
from objectstore.wire.records import (
    ContainerName,
    ContainerRow,
    DatabaseInfo,
)


def get_container(
    parts: Parts, request: Request, account: str, container: str
) -> Reply:
    """The container's headers and, for GET, one page of its listing."""
    content_type = listing_content_type(request)
    query = listing_query(request)
    key, group = parts.placement.container(account, container)
    view = view_database(parts.rounds, group, key)
    info = view.info
    authorize(parts, request, account, info, READ_ACL)
    if info is None:
        return text_reply(404, "", [REDUCED] if view.is_reduced else [])
    headers = _headers(parts, request, info)
    if view.is_reduced:
        headers.append(REDUCED)
    if request.method == "HEAD":
        headers.append(("Content-Type", f"{content_type}; charset=utf-8"))
        return Reply(204, (), headers)
    form = form_of(content_type)
    if request.context.is_s3 and request.query.get("format") == "fields":
        body = view.shown(query, "fields")
        return listing_reply(body, headers, FIELDS)
    elif form is None:
        entries = [described(entry) for entry in view.page(query)]
        body = render_xml(entries, "container", container)
    else:
        body = view.shown(query, form)
    return listing_reply(body, headers, f"{content_type}; charset=utf-8")


def _headers(parts: Parts, request: Request, info: DatabaseInfo) -> HeaderList:
    policy = parts.policies.by_index(info.policy)
    headers = [
        ("X-Container-Object-Count", str(info.object_count)),
        ("X-Container-Bytes-Used", str(info.bytes_used)),
        ("X-Timestamp", to_text(info.created)),
        ("Last-Modified", http_date(_modified(info))),
        ("X-Put-Timestamp", to_text(info.put_timestamp)),
        ("Accept-Ranges", "bytes"),
    ]
    if policy is not None:
        headers.append(("X-Storage-Policy", policy.name))
    headers += shown_metadata(request, info)
    return headers


def _modified(info: DatabaseInfo) -> int:
    """When the container was last PUT, or its metadata changed."""
    changes = [at for _, at in info.timed_metadata.values()]
    return max([info.put_timestamp, *changes])


def put_container(
    parts: Parts, request: Request, account: str, container: str
) -> Reply:
    """Create (201), or update what there is (202)."""
    authorize(parts, request, account)
    changes = metadata_changes(request, "Container")
    check_changes("Container", changes)
    wanted = _wanted_policy(parts, request)
    ensure_account(parts, request, account)
    key, group = parts.placement.container(account, container)
    present = view_database(parts.rounds, group, key).info
    if present is not None and wanted is not None and wanted.index != present.policy:
        raise Rejected(409)
    policy = (wanted or parts.policies.default).index
    if present is not None:
        policy = present.policy
        parts.timestamps.observe(present.put_timestamp)
    timestamp = internal_timestamp(request) or parts.timestamps.now()
    name = ContainerName(account, container)
    timed = timed_items(changes, timestamp)
    parts.rounds.write(
        group,
        lambda node: node.create(key, name, timestamp, timed, policy),
        key=key,
    )
    parts.facts.forget_container(account, container)
    row = ContainerRow(container, timestamp, 0, 0, 0, 0, policy)
    headers = note_container(parts, account, row)
    return put_reply(is_new=present is None, headers=headers)


def _wanted_policy(parts: Parts, request: Request) -> Policy | None:
    name = request.header("X-Storage-Policy").strip()
    if not name:
        return None
    policy = parts.policies.by_name(name)
    if policy is None:
        raise Rejected(400, f"Invalid X-Storage-Policy '{name[:64]}'")
    if policy.is_deprecated:
        raise Rejected(400, f"Storage Policy '{policy.name}' is deprecated")
    return policy


def post_container(
    parts: Parts, request: Request, account: str, container: str
) -> Reply:
    """Change metadata; 404 when there is no such container."""
    authorize(parts, request, account)
    changes = metadata_changes(request, "Container")
    check_changes("Container", changes)
    known = parts.facts.known_container(account, container)
    if known is None:
        return text_reply(404)
    timed = timed_items(changes, internal_timestamp(request) or parts.timestamps.now())
    try:
        return change_container(
            parts,
            ContainerName(account, container),
            lambda node: node.post(known.key, timed),
        )
    finally:
        parts.facts.forget_container(account, container)


def delete_container(
    parts: Parts, request: Request, account: str, container: str
) -> Reply:
    """Delete; 409 while it is not empty, 404 when there is none."""
    authorize(parts, request, account)
    key, group = parts.placement.container(account, container)
    # Two that were away may not have heard of what the third has.
    view = view_database(parts.rounds, group, key, everybody=True)
    info = view.info
    if info is None and view.is_reduced:
        # Not 404: those that do not answer may have it.
        raise Unavailable("too few replicas to know that it does not exist")
    if info is None:
        return text_reply(404)
    if not view.is_empty():
        return text_reply(409)
    parts.timestamps.observe(info.put_timestamp)
    timestamp = internal_timestamp(request) or parts.timestamps.now()
    try:
        reply = change_container(
            parts,
            ContainerName(account, container),
            lambda node: node.delete(key, timestamp),
            info,
        )
    except Rejected as refusal:
        if refusal.status == 409:
            _revive(parts, account, container, info)
        raise
    finally:
        parts.facts.forget_container(account, container)
    if reply.status == 204:
        row = ContainerRow(container, 0, timestamp, 0, 0, 0, info.policy)
        reply.headers += note_container(parts, account, row)
    return reply


def _revive(parts: Parts, account: str, container: str, info: DatabaseInfo) -> None:
    """A majority still had objects: the replicas that had none and took the
    deletion must come back to life, or replication would delete the rest."""
    key, group = parts.placement.container(account, container)
    name = ContainerName(account, container)
    timestamp = parts.timestamps.now()
    # A deletion ends metadata too; all of it is written again.
    timed = timed_items(dict(info.metadata), timestamp)
    parts.rounds.write(
        group,
        lambda node: node.create(key, name, timestamp, timed, info.policy),
        key=key,
    )

"""A change to an account or a container where it is: on a majority of its primaries.

No handoffs: one that has no database keeps nothing of a change.  But it may be on a
handoff and on fewer primaries than a majority, when some were away as it was made
(a worker that was being replaced) and nobody has told them yet.  Then they are told
now, with the moments of its own life, so that nothing which is newer there is touched;
and the change is made once more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.proxy.databases.replies import found_reply
from objectstore.proxy.known.databases import view_database
from objectstore.proxy.parts import Parts
from objectstore.proxy.rounds.group import Group
from objectstore.wire.nodes import AccountNode, ContainerNode, DatabaseNode
from objectstore.wire.records import ContainerName, DatabaseInfo, Receipt

D = TypeVar("D", bound=DatabaseNode)


def change_container(
    parts: Parts,
    name: ContainerName,
    change: Callable[[ContainerNode], Promise[Receipt]],
    before: DatabaseInfo | None = None,
) -> Reply:
    """204, or 404 when no primary has it.  ``before``: how it was, where that is known;
    a change that is a deletion cannot ask afterwards.  Raises ``Unavailable``."""
    key, group = parts.placement.container(name.account, name.container)

    def tell(node: ContainerNode, info: DatabaseInfo) -> Promise[Receipt]:
        metadata = info.timed_metadata
        return node.create(key, name, info.put_timestamp, metadata, info.policy)

    return _change(parts, group, key, change, tell, before)


def change_account(
    parts: Parts,
    account: str,
    change: Callable[[AccountNode], Promise[Receipt]],
    before: DatabaseInfo | None = None,
) -> Reply:
    """The same for an account."""
    key, group = parts.placement.account(account)

    def tell(node: AccountNode, info: DatabaseInfo) -> Promise[Receipt]:
        return node.create(key, account, info.put_timestamp, info.timed_metadata)

    return _change(parts, group, key, change, tell, before)


def _change(
    parts: Parts,
    group: Group[D],
    key: bytes,
    change: Callable[[D], Promise[Receipt]],
    tell: Callable[[D, DatabaseInfo], Promise[Receipt]],
    before: DatabaseInfo | None,
) -> Reply:
    asked = parts.rounds.write(group, change, handoffs=False, key=key)
    reply = None
    with suppress(Unavailable):
        reply = found_reply(asked, group.majority)
    if reply is not None and reply.status == 204:
        return reply
    for _, promise in asked:
        # Those that are told have none of what it is refused for.
        if isinstance(promise.error, Rejected):
            raise promise.error
    info = before or view_database(parts.rounds, group, key).info
    if info is None:
        return found_reply(asked, group.majority)
    parts.rounds.write(group, lambda node: tell(node, info), handoffs=False, key=key)
    asked = parts.rounds.write(group, change, handoffs=False, key=key)
    return found_reply(asked, group.majority)

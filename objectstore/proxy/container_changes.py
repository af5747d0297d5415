"""A change to a container where it is: on a majority of its primaries.

No handoffs: one that has no database keeps nothing of a change.  But a container may be
on a handoff and on fewer primaries than a majority, when some were away as it was made
(a worker that was being replaced) and nobody has told them yet.  Then they are told
now, with the moments of the container's own life, so that nothing which is newer there
is touched; and the change is made once more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.reply import Reply
from objectstore.proxy.database_replies import found_reply
from objectstore.proxy.databases import view_database
from objectstore.proxy.parts import Parts
from objectstore.wire.nodes import ContainerNode
from objectstore.wire.records import ContainerName, DatabaseInfo, Receipt


def change_container(
    parts: Parts,
    name: ContainerName,
    change: Callable[[ContainerNode], Promise[Receipt]],
    before: DatabaseInfo | None = None,
) -> Reply:
    """204, or 404 when no primary has it.  ``before``: how it was, where that is known;
    a change that is a deletion cannot ask afterwards.  Raises ``Unavailable``."""
    key, group = parts.placement.container(name.account, name.container)

    asked = parts.rounds.write(group, change, handoffs=False, key=key)
    reply = None
    with suppress(Unavailable):
        reply = found_reply(asked, group.majority)
    if reply is not None and reply.status == 204:
        return reply
    info = before or view_database(parts.rounds, group, key).info
    if info is None:
        return found_reply(asked, group.majority)
    parts.rounds.write(
        group,
        lambda node: node.create(
            key, name, info.put_timestamp, info.timed_metadata, info.policy
        ),
        handoffs=False,
        key=key,
    )
    asked = parts.rounds.write(group, change, handoffs=False, key=key)
    return found_reply(asked, group.majority)

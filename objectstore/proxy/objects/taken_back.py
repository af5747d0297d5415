"""Taking back what a full store kept of an upload that it refused.

An upload is refused (507) when fewer than a majority of devices had room for it; one
that had would bring it to the others later, row and all, though the client was told
that it was not stored.  So whoever kept it is told at once that it is deleted: by a
tombstone of the upload's own timestamp, which kills that one write and nothing newer.

Where there was an object before, nothing is taken back: the tombstone would kill it
too, in favour of nothing.  Then, as after 503, the old or the new one may be there.
"""

from __future__ import annotations

import contextlib

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import RingstackError
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import Lookup, ObjectState


def take_back(parts: Parts, target: ObjectTarget, state: ObjectState) -> None:
    """Delete the refused ``state`` where it was kept, if it replaced nothing.

    Never raises: the client hears why the upload was refused, whatever comes of this.
    """
    group, key = target.group, target.key
    nodes = [*group.primaries, *group.handoffs]

    def look(node: ObjectNode, _: int) -> Promise[Lookup]:
        return node.lookup(key, want_body=False)

    with contextlib.suppress(RingstackError):
        answers = parts.rounds.read(nodes, look, len(nodes)).answers
        # An object that was acknowledged is held by a majority, handoffs among them
        # perhaps: if fewer are silent, one that holds it has spoken.
        if len(nodes) - len(answers) >= group.majority:
            return
        if any(_is_another(lookup.state, state) for _, lookup in answers):
            return
        tombstone = ObjectState(state.name, deleted_timestamp=state.timestamp)
        promises = [
            node.delete(key, tombstone)
            for node, lookup in answers
            if lookup.state is not None and lookup.state.exists
        ]
        for promise in promises:
            promise.wait(parts.rounds.node_seconds)


def _is_another(held: ObjectState | None, refused: ObjectState) -> bool:
    return held is not None and held.exists and held.timestamp != refused.timestamp

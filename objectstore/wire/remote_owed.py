"""Copies that devices lack, told to the node that owes them: one request for many.

Like marks of paid rows (``remote_paid``) they wait for company and are lost without
a word when the peer is away: the next round over the partitions finds them too.
"""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel import concurrency
from objectstore.wire import codec, paths
from objectstore.wire.peer import Peer

# While a device is away each write brings one: this long makes one request of many.
GATHER_SECONDS = 0.2
GATHER_COUNT = 500
DEVICE_ID_MAX = 2**31


class OwedMarks:
    """The marks under way to one device."""

    def __init__(
        self, peer: Peer, prefix: str, gather_seconds: float = GATHER_SECONDS
    ) -> None:
        self._peer = peer
        self._target = f"{prefix}{paths.NO_KEY}/owe"
        self._gather_seconds = gather_seconds
        self._marks: dict[bytes, set[int]] = {}

    def add(self, key: bytes, device_ids: Sequence[int]) -> None:
        """Send it soon.  Never waits."""
        self._marks.setdefault(key, set()).update(device_ids)
        if len(self._marks) == 1:
            concurrency.spawn_later(self._gather_seconds, self.send)
        elif len(self._marks) >= GATHER_COUNT:
            self.send()

    def send(self) -> None:
        """Send what there is."""
        marks, self._marks = self._marks, {}
        if marks:
            value = [(key, sorted(ids)) for key, ids in marks.items()]
            self._peer.call(
                "POST", self._target, lambda: codec.pack(value), lambda reply: None
            )


def decode_owed(value: object) -> list[tuple[bytes, list[int]]]:
    """What ``send`` sent."""
    marks: list[tuple[bytes, list[int]]] = []
    for pair in codec.array(value):
        key, ids = codec.fields(pair, bytes, list)
        if len(key) != paths.KEY_BYTES:
            raise codec.Malformed("not a key")
        marks.append((key, [codec.integer(each, DEVICE_ID_MAX) for each in ids]))
    return marks

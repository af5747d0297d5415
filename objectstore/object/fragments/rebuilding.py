"""Making a lost fragment anew: from a copy somewhere else, or from the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import xxhash

from objectstore.erasure.candidates import at_home, elsewhere
from objectstore.erasure.codes import codec
from objectstore.erasure.feed import joined
from objectstore.erasure.stripes import Stripes
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import offload
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.object.copying import copy_object
from objectstore.wire.layouts import Layout, fragment_key, fragment_state
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectState


@dataclass(frozen=True, slots=True)
class Waiting:
    """The patience of somebody who is in no hurry (``erasure.stripes.Patience``)."""

    clock: Clock
    node_seconds: float
    read_patience_seconds: float

    def suspect(self, node: object) -> None:
        """Nobody else is told."""


@dataclass(frozen=True, slots=True)
class Site:
    """The nodes that a partition's fragments are on: ``primaries`` by index, this
    device's own among them, and those that stand in."""

    own: ObjectNode
    index: int
    primaries: Sequence[ObjectNode]
    handoffs: Sequence[ObjectNode]


class Rebuilding:
    """Brings single fragments to this device."""

    def __init__(
        self, clock: Clock, seconds: float, meter: Callable[[int], None]
    ) -> None:
        """``meter``: told of bytes before they are fetched."""
        self._seconds = seconds
        self._meter = meter
        self._patience = Waiting(clock, seconds, seconds / 2)

    def bring(
        self, site: Site, key: bytes, state: ObjectState, layout: Layout
    ) -> tuple[int, bool]:
        """The fragment of this device's index; bytes fetched, and whether it had to be
        made anew.  Raises what the nodes raise, ``Corrupt`` when what comes out is not
        what was stored."""
        mine = fragment_state(state, key, layout, site.index)
        lost = fragment_key(key, layout.token, site.index)
        copied = self._copied(site, lost, mine)
        if copied:
            return copied, False
        return self._made_anew(site, key, lost, mine, layout), True

    def _copied(self, site: Site, lost: bytes, mine: ObjectState) -> int:
        """From a node that has this very fragment; 0: nobody does."""
        others = [node for node in site.primaries if node is not site.own]
        asked = [
            (node, node.lookup(lost, want_body=False))
            for node in (*site.handoffs, *others)
        ]
        for node, promise in asked:
            try:
                found = promise.wait(self._seconds).state
                if found is None or found.etag != mine.etag or not found.exists:
                    continue
                return copy_object(
                    lost,
                    found,
                    node,
                    site.own,
                    with_body=True,
                    meter=self._meter,
                    seconds=self._seconds,
                )
            except RingstackError:
                continue
        return 0

    def _made_anew(
        self,
        site: Site,
        key: bytes,
        lost: bytes,
        mine: ObjectState,
        layout: Layout,
    ) -> int:
        stripes = Stripes(
            layout,
            key,
            mine.timestamp,
            (0, layout.segments),
            at_home(site.primaries, lambda node: False, site.index),
            lambda: elsewhere(site.primaries, site.handoffs, site.index),
            self._patience,
        )
        rebuild = codec(layout.code, layout.data, layout.parity).rebuild
        checksum = xxhash.xxh3_64()
        upload = site.own.begin(lost, mine.size).wait(self._seconds)
        fetched = 0
        try:
            for segment in range(layout.segments):
                size = layout.data * layout.piece_length(segment)
                self._meter(size)
                pieces = [joined(each) for each in stripes.pieces(segment).values()]
                piece = offload(rebuild, pieces, site.index)
                checksum.update(piece)
                upload.write(memoryview(piece)).wait(self._seconds)
                fetched += size
            if checksum.hexdigest() != mine.etag:
                raise Corrupt("a rebuilt fragment is not what was stored")
            upload.commit(mine, row_owed=False).wait(self._seconds)
        finally:
            stripes.close()
            upload.abort()  # harmless when it is committed
        return fetched

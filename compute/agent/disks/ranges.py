"""Pieces of images read from the store on demand: aligned blocks, kept for a while.

A guest that boots reads a few KiB here and there; the store is asked for whole
*blocks*, once each even when many guests ask at the same time, and the last ones
used stay in memory.  Who reads one block after the other finds the next one on its way:
the kernel and its ramdisk are read so.  A store that is away is asked again for a
while: the guest waits (as it would for a slow disk) instead of seeing an error.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass

from compute.agent.disks.port import ImageFacts, ImageReader
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import Corrupt, Unavailable

# Smaller makes more requests, larger reads more than a booting guest needs: with
# 256 KiB a boot of the small guest fetches about half of its image.
BLOCK_BYTES = 256 * 1024
KEPT_BYTES_MAX = 32 << 20
# Shorter than the time after which a guest's kernel gives a virtio disk up (it never
# does) and an operator would want to see it stopped instead of stuck.
PATIENCE_SECONDS = 60.0
RETRY_SECONDS = 0.5
FACTS_KEPT_MAX = 1000


@dataclass(frozen=True, slots=True)
class _Block:
    image_id: str
    number: int


class ImageRanges:
    """Reads any range of any image of the store, through blocks in memory."""

    def __init__(
        self,
        reader: ImageReader,
        clock: Clock,
        *,
        block_bytes: int = BLOCK_BYTES,
        kept_bytes_max: int = KEPT_BYTES_MAX,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.bytes_fetched: Counter[str] = Counter()
        """By image id: what was read from the store."""
        self._reader = reader
        self._clock = clock
        self._block_bytes = block_bytes
        self._blocks_max = max(1, kept_bytes_max // block_bytes)
        self._patience_seconds = patience_seconds
        self._kept: OrderedDict[_Block, bytes] = OrderedDict()
        self._fetching: dict[_Block, Promise[bytes]] = {}
        self._facts: OrderedDict[str, ImageFacts] = OrderedDict()

    def facts(self, image_id: str) -> ImageFacts:
        """What the image is (images never change: asked once)."""
        facts = self._facts.get(image_id)
        if facts is None:
            facts = self._facts[image_id] = self._reader.facts(image_id)
            if len(self._facts) > FACTS_KEPT_MAX:
                self._facts.popitem(last=False)
        return facts

    def read(self, image_id: str, offset: int, length: int) -> bytes:
        """These bytes; zeros beyond the image's end.  ``Unavailable`` when the store
        stays away for longer than patience lasts."""
        if length <= 0:
            return b""
        first = offset // self._block_bytes
        last = (offset + length - 1) // self._block_bytes
        # All at once: the store answers them side by side.
        promises = [
            self._block(_Block(image_id, number)) for number in range(first, last + 1)
        ]
        if self._is_sequential(image_id, first):
            self._read_ahead(_Block(image_id, last + 1))
        joined = b"".join(promise.wait() for promise in promises)
        start = offset - first * self._block_bytes
        return joined[start : start + length]

    def _is_sequential(self, image_id: str, first: int) -> bool:
        return _Block(image_id, first - 1) in self._kept

    def _read_ahead(self, block: _Block) -> None:
        """Begin to fetch it, if it is in the image; nobody waits."""
        if block.number * self._block_bytes < self.facts(block.image_id).size_bytes:
            self._block(block)

    def _block(self, block: _Block) -> Promise[bytes]:
        kept = self._kept.get(block)
        if kept is not None:
            self._kept.move_to_end(block)
            return Promise.of(kept)
        promise = self._fetching.get(block)
        if promise is None:
            promise = self._fetching[block] = promised(self._fetch, block)
            promise.when_done(lambda done: self._fetched(block, done))
        return promise

    def _fetched(self, block: _Block, done: Promise[bytes]) -> None:
        self._fetching.pop(block, None)
        if done.error is None and done.value is not None:
            self._kept[block] = done.value
            while len(self._kept) > self._blocks_max:
                self._kept.popitem(last=False)

    def _fetch(self, block: _Block) -> bytes:
        give_up = self._clock.monotonic() + self._patience_seconds
        while True:
            try:
                return self._fetch_once(block)
            except Unavailable:
                if self._clock.monotonic() >= give_up:
                    raise
                concurrency.sleep(RETRY_SECONDS)

    def _fetch_once(self, block: _Block) -> bytes:
        size = self.facts(block.image_id).size_bytes
        offset = block.number * self._block_bytes
        length = max(0, min(self._block_bytes, size - offset))
        piece = b""
        if length:
            piece = self._reader.read_range(block.image_id, offset, length)
            if len(piece) != length:
                raise Corrupt(f"Image {block.image_id} is shorter than it should be")
            self.bytes_fetched[block.image_id] += length
        return piece.ljust(self._block_bytes, b"\0")

"""A file of a disk in memory: what is written, and what of it a power loss leaves."""

from __future__ import annotations

from random import Random

# Bytes at an offset; None: cut there, or extended up to there.
Change = tuple[int, bytes | None]
SECTOR_BYTES = 512


class File:
    """Content now, content that is safe, and the writes between.

    Zeros at the end (space allocated ahead) are counted, not kept.
    """

    def __init__(self) -> None:
        self.content, self.length = bytearray(), 0
        self.synced, self.synced_length = bytearray(), 0
        self.pending: list[Change] = []
        self.attributes: dict[str, bytes] = {}

    def read(self, offset: int, length: int) -> bytes:
        """Those bytes, as far as the file goes."""
        stop = min(offset + length, self.length)
        data = bytes(self.content[offset:stop])
        return data + bytes(max(0, stop - offset - len(data)))

    def write(self, offset: int, data: bytes) -> None:
        """Not safe yet."""
        self.length = _put(self.content, self.length, offset, data)
        self.pending.append((offset, data))

    def resize(self, length: int) -> None:
        """Cut or extend; not safe yet."""
        self.length = _put(self.content, self.length, length, None)
        self.pending.append((length, None))

    def sync(self, count: int | None = None) -> None:
        """Make the first ``count`` changes of those pending safe; None: all."""
        for offset, data in self.pending[:count]:
            self.synced_length = _put(self.synced, self.synced_length, offset, data)
        del self.pending[:count]

    def sync_one(self, change: Change) -> None:
        """Make this one safe out of turn; what else is pending stays so."""
        if change in self.pending:
            self.synced_length = _put(self.synced, self.synced_length, *change)
            self.pending.remove(change)

    def flip_bit(self, random: Random) -> bool:
        """Turn over a bit of what is safe; False: there is nothing."""
        end = min(len(self.synced), len(self.content))
        if not end:
            return False
        at, bit = random.randrange(end), 1 << random.randrange(8)
        self.synced[at] ^= bit
        self.content[at] ^= bit
        return True

    def survivor(self, random: Random) -> File:
        """What a power loss leaves of it."""
        file = File()
        file.content, file.length = bytearray(self.synced), self.synced_length
        file.attributes = dict(self.attributes)
        for offset, data in self.pending:
            if random.random() < 0.5:
                continue
            if data is None:
                file.resize(offset)
            else:
                at = 0
                while at < len(data):
                    end = at + SECTOR_BYTES - (offset + at) % SECTOR_BYTES
                    if random.random() < 0.7:
                        file.write(offset + at, data[at:end])
                    at = end
        file.synced, file.synced_length = bytearray(file.content), file.length
        file.pending = []
        return file


def _put(content: bytearray, length: int, offset: int, data: bytes | None) -> int:
    """Write, or cut (``data`` None), and give the new length."""
    if data is None:
        del content[offset:]
        return offset
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data
    return max(length, offset + len(data))

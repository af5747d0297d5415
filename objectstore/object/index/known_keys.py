"""Which keys the index's table lacks, known without asking it.

Most names that are put are new, and to find out that a key is not in the table costs
SQLite some microseconds on each device.  One bit for each 23-bit beginning of a key
says whether any such key was ever put into the table: where it is clear, there is none.
With 200,000 keys one question in 40 is asked in vain, with 2 million one in five.

An index that was opened with rows in it learns them range by range, as they are asked
for in vain: reading all keys at the start would read all of the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

from objectstore.object.index.digests import AFTER_ALL_KEYS

_BITS_POWER = 23  # 1 MiB; pages that nothing was written to take no memory
_BITS_SHIFT = 24 - _BITS_POWER
# So few pages of the table are read to learn a range that nobody notices.
PAGES_PER_RANGE = 4
RANGES_POWER_MAX = 16


class KnownKeys:
    """See the module."""

    __slots__ = ("_bits", "_is_range_known", "_range_shift")

    def __init__(self, pages: int) -> None:
        """``pages``: of the table's file, as it is found; 0: it has no rows."""
        power = min((pages // PAGES_PER_RANGE).bit_length(), RANGES_POWER_MAX)
        size = 1 << (_BITS_POWER - 3)
        self._bits = mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        self._range_shift = 24 - power
        self._is_range_known = bytearray(1 << power)
        if not pages:
            self._is_range_known[0] = 1

    def lack(self, key: bytes) -> bool:
        """Whether the key is certainly not in the table."""
        start = int.from_bytes(key[:3], "big")
        if not self._is_range_known[start >> self._range_shift]:
            return False
        place = start >> _BITS_SHIFT
        return not self._bits[place >> 3] >> (place & 7) & 1

    def add(self, key: bytes) -> None:
        """It is, or will be, in the table."""
        place = int.from_bytes(key[:3], "big") >> _BITS_SHIFT
        self._bits[place >> 3] |= 1 << (place & 7)

    def unknown_range(self, key: bytes) -> tuple[bytes, bytes] | None:
        """(first key, first key after it) of the key's range; None: it is known."""
        number = int.from_bytes(key[:3], "big") >> self._range_shift
        if self._is_range_known[number]:
            return None
        first = (number << self._range_shift).to_bytes(3, "big") + bytes(13)
        if number + 1 == len(self._is_range_known):
            return first, AFTER_ALL_KEYS
        return first, ((number + 1) << self._range_shift).to_bytes(3, "big") + bytes(13)

    def learn_range(self, key: bytes, keys: Iterable[bytes]) -> None:
        """These are the table's keys in the range of ``key``."""
        for each in keys:
            self.add(each)
        self._is_range_known[int.from_bytes(key[:3], "big") >> self._range_shift] = 1

"""Large bodies that are read again are brought into the page cache (decision 55).

What is read once stays out of it (decision 45): bringing it there may cost more than
reading it, and would push out what is used.  A range that is read to its end a second
time within minutes will rather be read a third time: when the second reader has gone,
it is read into the cache, a piece at a time with rests, so that nobody waits for it.

Bounded by a share of the memory that is available: a hundred large bodies in a circle
neither push each other out nor keep the disk busy.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError

# Read again within so long counts.
AGAIN_SECONDS = 600.0
# Ranges remembered; a client that reads 5 GiB in pieces of 8 MiB needs 640.
RANGES_MAX = 4096
# Of the memory that is available a process takes so much in AGAIN_SECONDS.
MEMORY_SHARE = 0.25
# Read at once: a few milliseconds, 25 where the system has to get fresh memory from a
# host.  Then the thread rests as long: nobody is waiting.
PIECE_BYTES = 8 * 1024 * 1024
# A disk that was not done with a piece, and its rest, for so long hangs.
HUNG_SECONDS = 20.0

_log = logging.getLogger("objectstore.rereads")


class Range(NamedTuple):
    """Bytes of one body."""

    key: bytes
    timestamp: int
    start: int
    length: int


class Recent:
    """Which ranges were read not long ago."""

    def __init__(self, ranges_max: int = RANGES_MAX) -> None:
        self._ranges_max = ranges_max
        self._when: OrderedDict[Range, float] = OrderedDict()

    def is_again(self, wanted: Range, now: float) -> bool:
        """Note that it is read; whether it was before."""
        before = self._when.pop(wanted, None)
        self._when[wanted] = now
        if len(self._when) > self._ranges_max:
            self._when.popitem(last=False)
        return before is not None and now - before <= AGAIN_SECONDS


class Allowance:
    """How many bytes may be brought into memory in AGAIN_SECONDS."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def take(self, size: int, room: int, now: float) -> bool:
        """Whether so much more may be, where there is memory for ``room`` bytes."""
        while self._taken and now - self._taken[0][0] > AGAIN_SECONDS:
            self._sum -= self._taken.popleft()[1]
        if self._sum + size > MEMORY_SHARE * room:
            return False
        self._taken.append((now, size))
        self._sum += size
        return True


class Turn:
    """One range on its way."""

    __slots__ = ("moved",)

    def __init__(self, now: float) -> None:
        self.moved = now  # when its disk was last heard of


class Turns:
    """One range of a process is brought at a time; whoever comes meanwhile is not: he
    is when he is read once more.  A disk that hangs loses its turn."""

    def __init__(self) -> None:
        self.allowance = Allowance()
        self._turn: Turn | None = None

    def take(self, now: float) -> Turn | None:
        """A turn, if nobody has it."""
        if self._turn is not None and now - self._turn.moved < HUNG_SECONDS:
            return None
        self._turn = Turn(now)
        return self._turn

    def is_held(self, turn: Turn) -> bool:
        """Whether it has not been lost."""
        return self._turn is turn

    def give_back(self, turn: Turn) -> None:
        """End a turn: somebody else may take the next."""
        if self._turn is turn:
            self._turn = None


_turns = Turns()


class Rereads:
    """The large ranges that are read of one device."""

    def __init__(self, disk: Disk, clock: Clock, turns: Turns = _turns) -> None:
        self._disk = disk
        self._clock = clock
        self._turns = turns
        self._recent = Recent()
        self._is_bringing = False  # also while the disk hangs: it has one thread

    def read(self, wanted: Range) -> bool:
        """Note that a range was read from the disk; whether it was before."""
        return self._recent.is_again(wanted, self._clock.monotonic())

    def bring(self, wanted: Range, open_body: Callable[[], int]) -> None:
        """Have it in the page cache soon, if there is room for it.  Does not wait."""
        now = self._clock.monotonic()
        turn = None if self._is_bringing else self._turns.take(now)
        if turn is None:
            return
        room = self._disk.cache_room()
        if self._turns.allowance.take(wanted.length, room, now):
            self._is_bringing = True
            concurrency.spawn(self._bring, turn, wanted, open_body)
        else:
            self._turns.give_back(turn)

    def _bring(self, turn: Turn, wanted: Range, open_body: Callable[[], int]) -> None:
        try:
            descriptor = open_body()
            try:
                self._bring_pieces(turn, descriptor, wanted)
            finally:
                self._disk.close(descriptor)
        except RingstackError as error:
            # Removed meanwhile, or the disk fails: whoever reads it next is told.
            _log.debug("not brought into the page cache: %s", error)
        finally:
            self._is_bringing = False
            self._turns.give_back(turn)

    def _bring_pieces(self, turn: Turn, descriptor: int, wanted: Range) -> None:
        stop = wanted.start + wanted.length
        for at in range(wanted.start, stop, PIECE_BYTES):
            began = self._clock.monotonic()
            size = min(PIECE_BYTES, stop - at)
            self._disk.offload(self._disk.bring_into_cache, descriptor, at, size)
            concurrency.sleep(self._clock.monotonic() - began)
            if not self._turns.is_held(turn):
                return  # it hung, and another device has the turn
            turn.moved = self._clock.monotonic()

"""How much room a quota leaves: for one upload, beside those under way here.

What an upload says that it will bring is reserved until it has ended; of one whose size
nobody knows (``Transfer-Encoding: chunked``) each piece that comes is.  Uploads
that find too little room because of others under way wait for those a while: they may
fail, or be counted twice for a moment.

Uploads through other processes are seen once they have ended.  So one that took a
while is looked at again when its last byte has come, before it is stored; workers of
one machine do that by turns (``quota_turns.py``).  What may go over a quota is only
what ends through several machines within the same moment (doc/decisions/0047).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import footers_of
from objectstore.middleware.quota_turns import QuotaTurns

WAIT_SECONDS_MAX = 2.0
POLL_SECONDS = 0.02
# What comes with its head is whole by then, and was admitted by what is true still.
AGAIN_AFTER_SECONDS = 0.005
_CLOCK = SystemClock()
REFUSAL = "Upload exceeds quota."


class Use(NamedTuple):
    """Bytes and objects; of a limit None where there is none."""

    size: int | None
    objects: int | None


class Look(NamedTuple):
    """What was used, and when that was asked: not when the answer was heard, for what
    ended meanwhile is not in it, and on a busy machine that may be long."""

    at: float
    use: Use


@dataclass(eq=False, slots=True)
class Upload:
    """One under way: what is reserved for it."""

    size: int


class QuotaRooms:
    """Uploads under way in this process, into whatever has a quota."""

    def __init__(
        self,
        pause: Callable[[float], object] = sleep,
        monotonic: Callable[[], float] = _CLOCK.monotonic,
        turns: QuotaTurns | None = None,
    ) -> None:
        """``turns``: where other workers bring something too."""
        self._turns = turns
        self._pause = pause
        self._monotonic = monotonic
        # In the order in which they came: each waits for those before it only.
        self._uploads: dict[Any, list[Upload]] = {}
        # Those of them that have the turn and are being stored, in its order.
        self._storing: dict[Any, list[Upload]] = {}

    @contextlib.contextmanager
    def admitted(
        self,
        key: Any,
        length: int | None,
        limit: Use,
        used: Callable[[], Use],
        refuse: Callable[[], None],
    ) -> Iterator[Callable[[Any], Any]]:
        """Hold room in ``key`` for an upload of ``length`` bytes (None: unknown).

        ``used`` tells what is used now; ``refuse`` may raise something better than
        Rejected 413.  Gives what must be put around the body.
        """
        mine = Upload(length or 0)
        uploads = self._uploads.setdefault(key, [])
        uploads.append(mine)
        try:
            look = self._wait_for_room(uploads, mine, limit, used)
            if look is None:
                refuse()
                raise Rejected(413, REFUSAL)
            again = look.at + AGAIN_AFTER_SECONDS
            give_on: Callable[[], None] | None = None
            bound = None if limit.size is None else limit.size - (look.use.size or 0)
            came = 0

            def take_turn() -> None:
                nonlocal give_on
                if self._turns is None or give_on is not None:
                    return
                give_on = self._turns.take(key)
                # All others are stored, or come later and look then.
                storing = self._storing.setdefault(key, [])
                storing.append(mine)
                if self._wait_for_room(storing, mine, limit, used) is None:
                    raise Rejected(413, REFUSAL)

            def take(count: int) -> None:
                nonlocal came
                came += count
                if length is None and bound is not None:
                    mine.size = came
                    if sum(upload.size for upload in uploads) > bound:
                        raise Rejected(413, REFUSAL)
                is_whole = came == length if length is not None else not count
                if is_whole:
                    take_turn()
                if not is_whole or give_on is not None or self._monotonic() < again:
                    return
                if self._wait_for_room(uploads, mine, limit, used) is None:
                    raise Rejected(413, REFUSAL)

            try:
                if length == 0:  # nobody reads what is not there
                    take_turn()
                yield lambda body: CountedInput(body, take)
            finally:
                if give_on is not None:
                    _take_out(self._storing, key, mine)
                    give_on()
        finally:
            _take_out(self._uploads, key, mine)

    def _wait_for_room(
        self,
        uploads: list[Upload],
        mine: Upload,
        limit: Use,
        used: Callable[[], Use],
    ) -> Look | None:
        """The look that found room, once there is some; None when none will be."""
        left = round(WAIT_SECONDS_MAX / POLL_SECONDS)
        while True:
            before = uploads[: uploads.index(mine)]
            at = self._monotonic()
            now = used()
            size = (now.size or 0) + sum(upload.size for upload in before) + mine.size
            count = (now.objects or 0) + len(before) + 1
            if _fits(size, limit.size) and _fits(count, limit.objects):
                return Look(at, now)
            if not before or not left:
                return None
            left -= 1
            self._pause(POLL_SECONDS)


def _take_out(lists: dict[Any, list[Upload]], key: Any, upload: Upload) -> None:
    lists[key].remove(upload)
    if not lists[key]:
        del lists[key]


def _fits(use: int, limit: int | None) -> bool:
    return limit is None or use <= limit


class CountedInput:
    """A ``wsgi.input`` that tells ``take`` of every piece before handing it on."""

    __slots__ = ("_body", "_take")

    def __init__(self, body: Any, take: Callable[[int], None]) -> None:
        self._body = body
        self._take = take

    def read(self, size: int | None = -1) -> bytes:
        """As the body's."""
        data: bytes = self._body.read(size)
        self._take(len(data))
        return data

    def readinto(self, view: Any) -> int:
        """As the body's."""
        count: int = self._body.readinto(view)
        self._take(count)
        return count

    def footers(self) -> Mapping[str, str]:
        """Those of the body."""
        return footers_of(self._body)

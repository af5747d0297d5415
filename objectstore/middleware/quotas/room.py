"""How much room a quota leaves: for one upload, beside those under way here.

What an upload says that it will bring is reserved until it has ended; of one whose size
nobody knows (``Transfer-Encoding: chunked``) each piece that comes is.  Uploads
that find too little room because of others under way wait for those a while: they may
fail, or be counted twice for a moment.

Uploads through other processes are seen once they have ended.  So one that took a
while is looked at again when its last byte has come, before it is stored; workers of
one machine do that by turns (``turns.py``).  What may go over a quota is only
what ends through several machines within the same moment (doc/decisions/0047).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import footers_of
from objectstore.middleware.quotas.turns import QuotaTurns

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
class _Upload:
    """One under way: what it needs, and how far it has come."""

    key: Any
    length: int | None  # None: unknown
    limit: Use
    used: Callable[[], Use]
    reserved: int  # bytes that others leave to it
    beside: list[_Upload]  # all under way into the same, this too
    came: int = 0
    bytes_left: int | None = None  # to all under way, when it was admitted; None: any
    look_again_at: float = 0.0
    give_turn_on: Callable[[], None] | None = None  # while it has the turn

    def admit(self, look: Look) -> None:
        """That look found room."""
        self.look_again_at = look.at + AGAIN_AFTER_SECONDS
        if self.limit.size is not None:
            self.bytes_left = self.limit.size - (look.use.size or 0)

    def is_whole_after(self, piece: int) -> bool:
        """Whether nothing comes after a piece of so many bytes."""
        return not piece if self.length is None else self.came == self.length


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
        self._uploads: dict[Any, list[_Upload]] = {}
        # Those of them that have the turn and are being stored, in its order.
        self._storing: dict[Any, list[_Upload]] = {}

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
        under_way = self._uploads.setdefault(key, [])
        upload = _Upload(key, length, limit, used, length or 0, under_way)
        under_way.append(upload)
        try:
            look = self._wait_for_room(under_way, upload)
            if look is None:
                refuse()
                raise Rejected(413, REFUSAL)
            upload.admit(look)
            try:
                if length == 0:  # nobody reads what is not there
                    self._take_turn(upload)
                yield lambda body: CountedInput(body, partial(self._take, upload))
            finally:
                self._give_turn_on(upload)
        finally:
            _take_out(self._uploads, upload)

    def _take(self, upload: _Upload, piece: int) -> None:
        """So many bytes more of it have come; Rejected 413 when they have no room."""
        upload.came += piece
        if upload.length is None and upload.bytes_left is not None:
            upload.reserved = upload.came
            if sum(other.reserved for other in upload.beside) > upload.bytes_left:
                raise Rejected(413, REFUSAL)
        if not upload.is_whole_after(piece):
            return
        self._take_turn(upload)
        # Who has the turn has just looked.
        if upload.give_turn_on is None and self._monotonic() >= upload.look_again_at:
            self._look_again(upload.beside, upload)

    def _take_turn(self, upload: _Upload) -> None:
        if self._turns is None or upload.give_turn_on is not None:
            return
        upload.give_turn_on = self._turns.take(upload.key)
        # All others are stored, or come later and look then.
        storing = self._storing.setdefault(upload.key, [])
        storing.append(upload)
        self._look_again(storing, upload)

    def _give_turn_on(self, upload: _Upload) -> None:
        if upload.give_turn_on is not None:
            _take_out(self._storing, upload)
            upload.give_turn_on()

    def _look_again(self, uploads: list[_Upload], upload: _Upload) -> None:
        if self._wait_for_room(uploads, upload) is None:
            raise Rejected(413, REFUSAL)

    def _wait_for_room(self, uploads: list[_Upload], upload: _Upload) -> Look | None:
        """The look that found room, once there is some; None when none will be."""
        left = round(WAIT_SECONDS_MAX / POLL_SECONDS)
        while True:
            before = uploads[: uploads.index(upload)]
            at = self._monotonic()
            now = upload.used()
            size = sum(other.reserved for other in before) + upload.reserved
            size += now.size or 0
            count = (now.objects or 0) + len(before) + 1
            limit = upload.limit
            if _fits(size, limit.size) and _fits(count, limit.objects):
                return Look(at, now)
            if not before or not left:
                return None
            left -= 1
            self._pause(POLL_SECONDS)


def _take_out(lists: dict[Any, list[_Upload]], upload: _Upload) -> None:
    lists[upload.key].remove(upload)
    if not lists[upload.key]:
        del lists[upload.key]


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

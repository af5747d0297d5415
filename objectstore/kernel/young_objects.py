"""Looks through young objects for cycles so often that it never takes long.

Python's collector begins when so many more objects were made than were freed.  A store
that has filled its caches frees an old object for each that it makes: the balance
stays where it is while tens of thousands of young ones gather, and looking through
them all then holds up every request for 10 to 30 ms.  So it is also done after so many
requests, each of which leaves few objects behind.
"""

from __future__ import annotations

import gc

# A PUT of a small object leaves some 25 to 50 objects behind, three rows with what is
# in them; a thousand are looked through in half a millisecond.
REQUESTS_PER_COLLECTION = 32
_YOUNG = 0


class YoungObjects:
    """One for each server; on the hub's thread."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = REQUESTS_PER_COLLECTION

    def note_request(self) -> None:
        """Take note that a request was answered."""
        self._left -= 1
        if not self._left:
            self._left = REQUESTS_PER_COLLECTION
            gc.collect(_YOUNG)

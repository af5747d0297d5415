"""Things that have no field in which a marker could be put.

What is there already is noted before one is made; after a crash the one that was not
there is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.things import Thing

_THERE = "there"


class MarklessThing(Thing):
    """``alike``: the fields by which another one would be taken for this one."""

    mark = ""
    alike: ClassVar[tuple[str, ...]] = ()

    def make(self, work: Work) -> str:
        """Note what is there, then make it."""
        work.remember(**{_THERE: self._alike(work, self.new_body(work))})
        return super().make(work)

    def find_lost(self, work: Work) -> str | None:
        """One that was not there before."""
        there = work.data.get(_THERE)
        if there is None:
            return None
        now = self._alike(work, self.new_body(work))
        return next((each for each in now if each not in there), None)

    def _alike(self, work: Work, body: Mapping[str, Any]) -> list[str]:
        place = self.place
        return [
            str(each["id"])
            for each in work.cloud.pages(place.room, place.plural, *self.path(work))
            if all(each.get(name) == body.get(name) for name in self.alike)
        ]

"""Containers deleted and made again, with rows that come late."""

from __future__ import annotations

import orjson

from test.sim.promises import ABSENT, Register
from test.sim.stories.story import Story, etag

BOXES = ("come", "go")
NAMES = ("x", "y")
THERE = "there"


class Containers(Story):
    """PUT and DELETE of containers; one with objects is not deleted."""

    def begin(self) -> None:
        """See ``Story``."""
        self._boxes = {box: Register(is_ordered=self.is_ordered) for box in BOXES}
        self._objects = {
            (box, name): Register(is_ordered=self.is_ordered)
            for box in BOXES
            for name in NAMES
        }
        for box in BOXES:
            told = self.must(self.teller.swift("PUT", box), box)
            self._boxes[box].wrote(THERE, is_done=told.is_done)

    def act(self) -> None:
        """See ``Story``."""
        box = self.random.choice(BOXES)
        deeds = [self._create, self._remove, self._put, self._delete]
        self.random.choices(deeds, [3, 4, 5, 5])[0](box)

    def _create(self, box: str) -> None:
        told = self.teller.swift("PUT", box)
        self._boxes[box].wrote(THERE, is_done=self.note(told))

    def _remove(self, box: str) -> None:
        told = self.teller.swift("DELETE", box)
        if told.is_done:
            for name in NAMES:
                held = self._objects[box, name]
                if self.is_ordered and held.is_sure and held.allowed() != {ABSENT}:
                    self.blame([f"{box} is deleted, and {name} was in it"])
        if told.status not in (404, 409):
            self._boxes[box].wrote(ABSENT, is_done=self.note(told))

    def _put(self, box: str) -> None:
        name, body = self.random.choice(NAMES), self.new_body()
        told = self.teller.swift("PUT", f"{box}/{name}", {}, body)
        if told.status == 404:
            return
        self._objects[box, name].wrote(etag(body), is_done=self.note(told))

    def _delete(self, box: str) -> None:
        name = self.random.choice(NAMES)
        told = self.teller.swift("DELETE", f"{box}/{name}")
        is_done = told.is_done or told.status == 404
        self._objects[box, name].wrote(ABSENT, is_done=is_done)

    def check(self) -> None:
        """See ``Story``."""
        for box, register in self._boxes.items():
            told = self.teller.swift("GET", box)
            seen = THERE if told.is_done else ABSENT
            if seen not in register.allowed():
                allowed = sorted(register.allowed())
                self.blame([f"{box} answers {told.status}, not {allowed}"])
            if told.is_done:
                rows = orjson.loads(told.body)
                self._check_objects(box, {row["name"]: row["hash"] for row in rows})

    def _check_objects(self, box: str, listed: dict[str, str]) -> None:
        for name in NAMES:
            seen = listed.get(name, ABSENT)
            allowed = self._objects[box, name].allowed()
            if seen not in allowed:
                self.blame([f"{box}/{name} is {seen}, not {sorted(allowed)}"])

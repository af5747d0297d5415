"""Objects that end: at a date given with them, or changed by a POST."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from test.sim.stories.story import Story, etag

BOX = "mortal"
NAMES_MAX = 12
# From its writing to its end; some end while all goes wrong, some long after.
LIFE_SECONDS = (5, 20, 600)


@dataclass(slots=True)
class _Mortal:
    content: str
    # Each with or without an end; several: nobody knows which came last.
    ends: set[bool]


class Expiring(Story):
    """Each object has a name of its own: written once, its end moved now and then."""

    def begin(self) -> None:
        """See ``Story``."""
        self._mortals: dict[str, _Mortal] = {}
        self.must(self.teller.swift("PUT", BOX), "the container")

    def act(self) -> None:
        """See ``Story``."""
        if len(self._mortals) < NAMES_MAX and self.random.random() < 0.5:
            self._put()
        elif self._mortals:
            self._post(self.random.choice(list(self._mortals)))

    def _put(self) -> None:
        name, body = str(self._count), self.new_body(self.random.choice([0, 300_000]))
        ends = self.random.random() < 0.6
        headers = self._end() if ends else {}
        if self.note(self.teller.swift("PUT", f"{BOX}/{name}", headers, body)):
            self._mortals[name] = _Mortal(etag(body), {ends})

    def _end(self) -> dict[str, str]:
        seconds = self.random.choice(LIFE_SECONDS)
        if self.random.random() < 0.5:
            return {"X-Delete-After": str(seconds)}
        return {"X-Delete-At": str(int(self.teller.wall_seconds) + seconds)}

    def _post(self, name: str) -> None:
        mortal = self._mortals[name]
        ends = self.random.random() < 0.5
        headers = self._end() if ends else {"X-Remove-Delete-At": "x"}
        if not ends and mortal.ends != {False}:
            return  # it may have ended by now: nobody can tell from a 404
        told = self.teller.swift("POST", f"{BOX}/{name}", headers)
        if self.note(told) and self.is_ordered and len(mortal.ends) == 1:
            mortal.ends = {ends}
        elif told.status != 404:
            mortal.ends |= {ends}

    def check(self) -> None:
        """See ``Story``."""
        for name, mortal in self._mortals.items():
            told = self.teller.swift("GET", f"{BOX}/{name}")
            if told.is_done and etag(told.body) != mortal.content:
                self.blame([f"{name} has other bytes"])
            if mortal.ends == {False} and not told.is_done:
                self.blame([f"{name} was to stay: {told.status}"])

    def check_late(self) -> None:
        """See ``Story``."""
        self.check()
        told = self.must(self.teller.swift("GET", BOX), "the list")
        listed = {row["name"] for row in orjson.loads(told.body or b"[]")}
        for name, mortal in self._mortals.items():
            if mortal.ends == {True} and name in listed:
                self.blame([f"{name} has ended, and is listed"])

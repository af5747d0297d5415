"""Swift's older versions: what is written over or deleted goes elsewhere."""

from __future__ import annotations

import orjson

from test.sim.promises import ABSENT, Register, missing
from test.sim.stories.story import Story, etag

BOX, ARCHIVE = "history", "archive"
NAMES = ("a", "b")


class Archive(Story):
    """PUT and DELETE; what was acknowledged is current or in the archive for ever."""

    def begin(self) -> None:
        """See ``Story``."""
        self._kept: dict[str, set[str]] = {name: set() for name in NAMES}
        self._current = {name: Register(is_ordered=self.is_ordered) for name in NAMES}
        self.must(self.teller.swift("PUT", ARCHIVE), "the archive")
        made = {"X-History-Location": ARCHIVE}
        self.must(self.teller.swift("PUT", BOX, made), "the container")

    def act(self) -> None:
        """See ``Story``."""
        name = self.random.choice(NAMES)
        if self.random.random() < 0.8:
            body = self.new_body()
            told = self.teller.swift("PUT", f"{BOX}/{name}", body=body)
            self._current[name].wrote(etag(body), is_done=told.is_done)
            if self.note(told):
                self._kept[name].add(etag(body))
        else:
            told = self.teller.swift("DELETE", f"{BOX}/{name}")
            self.note(told)
            self._current[name].wrote(ABSENT, is_done=told.is_done)

    def check(self) -> None:
        """See ``Story``."""
        told = self.must(self.teller.swift("GET", ARCHIVE), "the archive")
        archived = {row["hash"] for row in orjson.loads(told.body or b"[]")}
        for name in NAMES:
            told = self.teller.swift("GET", f"{BOX}/{name}")
            seen = etag(told.body) if told.is_done else ABSENT
            allowed = self._current[name].allowed()
            if seen not in allowed:
                self.blame([f"{name} is {seen}, not {sorted(allowed)}"])
            if self.is_ordered:
                lost = missing(self._kept[name], archived | {seen})
                self.blame([f"{name}: {each} is lost" for each in lost])

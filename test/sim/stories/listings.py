"""Listings in pages and ranges: whatever is asked for is a part of the whole."""

from __future__ import annotations

from typing import Any

import orjson

from test.sim.promises import ABSENT, Register
from test.sim.stories.story import Story, etag

BOX = "listed"
NAMES = tuple(f"{top}{middle}{end}" for top in "ab" for middle in "/-" for end in "xyz")
PAGES = (1, 2, 5)


class Listings(Story):
    """PUT and DELETE of a dozen names in two levels; listings of all kinds."""

    def begin(self) -> None:
        """See ``Story``."""
        self._names = {name: Register(is_ordered=self.is_ordered) for name in NAMES}
        self.must(self.teller.swift("PUT", BOX), "the container")

    def act(self) -> None:
        """See ``Story``."""
        name = self.random.choice(NAMES)
        if self.random.random() < 0.7:
            body = self.new_body()
            told = self.teller.swift("PUT", f"{BOX}/{name}", {}, body)
            self._names[name].wrote(etag(body), is_done=self.note(told))
        else:
            told = self.teller.swift("DELETE", f"{BOX}/{name}")
            is_done = told.is_done or (told.status == 404 and self._was_there(name))
            self._names[name].wrote(ABSENT, is_done=is_done)

    def _was_there(self, name: str) -> bool:
        """Then a 404 is a deletion all the same."""
        return self._names[name].allowed() != {ABSENT}

    def check(self) -> None:
        """See ``Story``."""
        told = self.must(self.teller.swift("GET", BOX), "the list")
        whole = {row["name"]: row["hash"] for row in orjson.loads(told.body or b"[]")}
        for name, register in self._names.items():
            seen = whole.get(name, ABSENT)
            if seen not in register.allowed():
                self.blame([f"{name} is {seen}, not {sorted(register.allowed())}"])
        for prefix in ("", "a", "b/"):
            for delimiter in ("", "/"):
                for limit in PAGES:
                    found = self._pages(prefix, delimiter, limit)
                    wanted = select(sorted(whole), prefix, delimiter)
                    if found != wanted:
                        asked = f"{prefix!r} {delimiter!r} by {limit}"
                        self.blame([f"{asked}: {found}, not {wanted}"])

    def _pages(self, prefix: str, delimiter: str, limit: int) -> list[str]:
        found: list[str] = []
        while True:
            query = {"prefix": prefix, "delimiter": delimiter, "limit": str(limit)}
            query["marker"] = found[-1] if found else ""
            told = self.must(self.teller.swift("GET", BOX, query=query), "a page")
            rows: list[dict[str, Any]] = orjson.loads(told.body or b"[]")
            page = [row.get("name") or row["subdir"] for row in rows]
            found += page
            if len(page) < limit or len(found) > len(NAMES):
                return found


def select(names: list[str], prefix: str, delimiter: str) -> list[str]:
    """What a listing of these names shows.  Pure."""
    shown: list[str] = []
    for name in names:
        if not name.startswith(prefix):
            continue
        if delimiter:
            head, found, _ = name[len(prefix) :].partition(delimiter)
            name = prefix + head + found
        if name not in shown:
            shown.append(name)
    return shown

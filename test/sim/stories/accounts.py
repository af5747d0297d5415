"""An account that is deleted with all that is in it."""

from __future__ import annotations

from test.sim.stories.story import Story
from test.sim.teller import Told

GOING = "AUTH_going"
BOXES = ("one", "two")
OBJECTS_MAX = 8
GONE = (404, 410)


class Accounts(Story):
    """Containers and objects; then, at any moment, the end of the account."""

    def begin(self) -> None:
        """See ``Story``."""
        self._is_ending = False
        self._is_gone = False
        self._objects: set[str] = set()
        for box in BOXES:
            self.must(self._ask("PUT", box), box)

    def act(self) -> None:
        """See ``Story``."""
        if len(self._objects) < OBJECTS_MAX and not self._is_ending:
            name = f"{self.random.choice(BOXES)}/{len(self._objects)}"
            if self.note(self._ask("PUT", name, self.new_body())):
                self._objects.add(name)
        elif not self._is_gone:
            self._is_ending = True
            self._is_gone = self._ask("DELETE", "").status in (204, *GONE)

    def settle(self) -> None:
        """See ``Story``."""
        self.insist(lambda: self._ask("DELETE", ""), GONE)

    def check_late(self) -> None:
        """See ``Story``: the reaper has been there."""
        for name in sorted(self._objects):
            told = self._ask("GET", name)
            if told.status not in GONE:
                self.blame([f"{name} outlives its account: {told.status}"])

    def _ask(self, method: str, place: str, body: bytes = b"") -> Told:
        return self.teller.begin_swift(method, place, {}, body, account=GOING)()

"""What becomes of a message between two machines: late, lost, or cut off.

Nothing here knows what the messages say.  Each is delayed by itself, so any two may
overtake each other.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from test.sim.hub import Realm, SimulatedHub

# Most messages take this long; a few are stragglers.
DELAY_SECONDS = (0.0001, 0.002)
STRAGGLER_RATE = 0.02
STRAGGLER_SECONDS = 0.5


class Network:
    """The wires between machines, by their names."""

    def __init__(self, hub: SimulatedHub, random: Random) -> None:
        self.loss_rate = 0.0
        self.repeat_rate = 0.0
        self.lag_seconds = 0.0  # the most that is added to each delay
        self.sent = self.lost = self.repeated = 0
        self._hub = hub
        self._random = random
        self._cut: set[frozenset[str]] = set()

    def cut(self, one: str, other: str) -> None:
        """Nothing passes between the two."""
        self._cut.add(frozenset((one, other)))

    def mend(self, one: str, other: str) -> None:
        """It passes again."""
        self._cut.discard(frozenset((one, other)))

    def mend_all(self) -> None:
        """Everything passes again."""
        self._cut.clear()

    def is_cut(self, one: str, other: str) -> bool:
        """Whether nothing passes between the two."""
        return frozenset((one, other)) in self._cut

    def send(
        self, source: str, target: str, realm: Realm | None, act: Callable[[], object]
    ) -> bool:
        """Let ``act`` happen at the target, in that realm; False: it is lost."""
        self.sent += 1
        if self.is_cut(source, target) or self._random.random() < self.loss_rate:
            self.lost += 1
            return False
        self._hub.call_later(realm, self.delay(), act)
        return True

    def tell(
        self, realm: Realm | None, seconds: float, act: Callable[[], object]
    ) -> None:
        """Let it happen there for certain: what a machine finds out by itself."""
        self._hub.call_later(realm, seconds, act)

    def is_repeated(self) -> bool:
        """Whether this request reaches its peer twice."""
        repeated = self._random.random() < self.repeat_rate
        self.repeated += repeated
        return repeated

    def delay(self) -> float:
        """How long a message takes."""
        seconds = self._random.uniform(*DELAY_SECONDS)
        if self._random.random() < STRAGGLER_RATE:
            seconds += self._random.random() * STRAGGLER_SECONDS
        return seconds + self._random.random() * self.lag_seconds

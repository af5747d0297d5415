"""All stories of a run: begun, told at once, settled, and looked at when all rests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from objectstore.kernel import concurrency
from test.sim.hub import SimulatedHub
from test.sim.machine import Machine
from test.sim.stories.accounts import Accounts
from test.sim.stories.archive import Archive
from test.sim.stories.containers import Containers
from test.sim.stories.expiring import Expiring
from test.sim.stories.listings import Listings
from test.sim.stories.locks import Locks
from test.sim.stories.manifests import Manifests
from test.sim.stories.story import Story
from test.sim.stories.uploads import Uploads
from test.sim.stories.versions import Versions
from test.sim.teller import Teller

STORIES: tuple[type[Story], ...] = (
    Accounts,
    Archive,
    Containers,
    Expiring,
    Listings,
    Locks,
    Manifests,
    Uploads,
    Versions,
)
# At once in one run.
TOLD_AT_ONCE = 4


class Telling:
    """See the module."""

    def __init__(
        self,
        seed: int,
        hub: SimulatedHub,
        machines: Sequence[Machine],
        trace: Callable[[str], None],
        *,
        is_ordered: bool,
        only: str = "",
    ) -> None:
        """``only``: the name of the one story to tell."""
        self._hub = hub
        random = Random(f"{seed} stories")
        chosen = random.sample(STORIES, min(TOLD_AT_ONCE, len(STORIES)))
        if only:
            chosen = [kind for kind in STORIES if kind.__name__.lower() == only]
        self._stories = []
        for kind in chosen:
            name = kind.__name__.lower()
            own = Random(f"{seed} {name}")
            teller = Teller(name, hub, machines, own, trace)
            self._stories.append(kind(teller, own, is_ordered=is_ordered))

    def begin(self) -> None:
        """Before anything goes wrong."""
        for story in self._stories:
            story.begin()

    def tell(self, until: float) -> list[object]:
        """Let them go on at once: tasks to wait for."""
        return [
            concurrency.spawn(story.run, lambda: self._hub.now >= until)
            for story in self._stories
        ]

    def settle(self) -> None:
        """All is well again."""
        self._all_at_once(lambda story: story.settle)

    def check(self) -> None:
        """All has come to rest."""
        for story in self._stories:
            story.check()

    def check_late(self) -> None:
        """Hours have gone by."""
        for story in self._stories:
            story.check_late()

    @property
    def wrong(self) -> list[str]:
        """All that was wrong."""
        return [each for story in self._stories for each in story.wrong]

    @property
    def acknowledged(self) -> int:
        """Writes that their clients may rely on."""
        return sum(story.acknowledged for story in self._stories)

    def _all_at_once(self, act: Callable[[Story], Callable[[], None]]) -> None:
        tasks = [concurrency.spawn(act(story)) for story in self._stories]
        for task in tasks:
            concurrency.wait_task(task)

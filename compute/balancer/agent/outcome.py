"""How load balancers are served on a host, and whatever sees to it: one interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from compute.balancer.agent.statistics import Figures
from compute.balancer.view import Keys, Served


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a load balancer is served.  ``is_waiting``: for something of the host (its
    namespace, its address) that others make; ``refused``: why never; ``process`` and
    ``figures``: of the process that serves, ``last``: of one that it has replaced;
    ``counters``: who counts listeners of UDP; ``lacks_keys``: it waits for those."""

    is_waiting: bool = False
    refused: str = ""
    problem: str = ""
    process: str = ""
    figures: Figures = Figures()
    last: tuple[str, Figures] | None = None
    counters: Mapping[str, str] = field(default_factory=dict)
    lacks_keys: bool = False


class Serving(Protocol):
    """Makes the host serve; safe to repeat."""

    def serve(
        self, wanted: Sequence[Served], keys: Mapping[str, Keys]
    ) -> dict[str, Outcome]:
        """Serve these and no others; how each is served.  ``keys``: of those that
        lacked them.  Blocks."""

    def strays(self, wanted: Sequence[Served]) -> list[str]:
        """Load balancers of which the host has something, and that are none of these.
        Blocks."""

    def remove(self, balancer_id: str) -> None:
        """Serve it no more.  Blocks."""

    def stop(self) -> None:
        """The agent ends: what is served, is served on.  Blocks."""

"""How long the proxy waits for nodes, and whom it has waited for in vain.

Such a node is a *suspect* for a few seconds: asked last, and nobody waits for
it out of mere politeness.  It is never left out where it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from objectstore.kernel.clock import Clock
from objectstore.proxy.settings import ProxySettings

N = TypeVar("N")

SUSPECT_SECONDS = 5.0
# What a process missed while it was away it has been told by then, or nearly always:
# those who owe it something try again after 10 s at most.
FRESH_SECONDS = 30.0


class Patience:
    """The operator's patience, and the suspects."""

    def __init__(self, settings: ProxySettings, clock: Clock) -> None:
        self.clock = clock
        self.node_seconds = settings.node_timeout
        self.read_patience_seconds = settings.read_patience
        self.grace_seconds = settings.write_grace
        self.return_seconds = settings.return_patience
        self._began = clock.monotonic()
        # id of the node -> (monotonic time until which it is suspect, the node).
        self._suspects: dict[int, tuple[float, Any]] = {}

    @property
    def is_fresh(self) -> bool:
        """Whether this process has begun lately: its own devices may not have been
        told yet what was written before."""
        return self.clock.monotonic() - self._began < FRESH_SECONDS

    def suspect(self, node: object) -> None:
        """Remember that the node let somebody wait in vain."""
        self._suspects[id(node)] = (self.clock.monotonic() + SUSPECT_SECONDS, node)

    @property
    def has_suspects(self) -> bool:
        """Whether any node did so lately."""
        return bool(self._suspects)

    def is_suspect(self, node: object) -> bool:
        """Whether it did so within the last seconds."""
        found = self._suspects.get(id(node))
        if found is None:
            return False
        if found[0] > self.clock.monotonic():
            return True
        del self._suspects[id(node)]
        return False

    def in_order(self, nodes: tuple[N, ...]) -> Sequence[N]:
        """The nodes, suspects last."""
        if not self._suspects:
            return nodes
        return sorted(nodes, key=self.is_suspect)

"""What every handler works with: one value, made once when the proxy starts."""

from __future__ import annotations

import uuid
from itertools import count

from objectstore.kernel.clock import Clock
from objectstore.kernel.timestamps import HybridClock
from objectstore.policy.policies import Policies
from objectstore.proxy.known.facts import FactsCache
from objectstore.proxy.rounds.placement import Placement
from objectstore.proxy.rounds.rounds import Rounds
from objectstore.proxy.rounds.rows import RowWriter
from objectstore.proxy.settings import ProxySettings


class Parts:
    """The proxy's own things, for its handlers."""

    def __init__(
        self,
        placement: Placement,
        policies: Policies,
        settings: ProxySettings,
        clock: Clock,
        timestamps: HybridClock,
        process_id: str,
    ) -> None:
        self.placement = placement
        self.policies = policies
        # Empty in most clusters.
        self.erasures = policies.erasures
        self.settings = settings
        self.clock = clock
        self.timestamps = timestamps
        self.rounds = Rounds(settings, clock)
        self.facts = FactsCache(placement, self.rounds, settings, clock)
        self.rows = RowWriter()
        self._process_id = process_id or uuid.uuid4().hex
        self._tokens = count()

    def new_token(self) -> str:
        """A name for the holder of a lock; no other process makes the same."""
        return f"{self._process_id}-{next(self._tokens)}"

"""How far replication is: one value for each device and kind, for pages and tools."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.replication.exchange import Outcome


@dataclass(slots=True)
class ReplicationStatus:
    """Counters since the start, and the round under way.

    Times are wall-clock seconds since the epoch; 0: never.
    """

    kind: str  # object, container, account
    device: str
    policy: int = 0  # objects only
    # ---- the round under way, or the last one ----
    partitions_total: int = 0
    partitions_done: int = 0
    round_started: float = 0.0
    round_failures: int = 0
    # ---- whole rounds ----
    rounds: int = 0
    last_round_finished: float = 0.0  # of whatever round
    last_round_seconds: float = 0.0
    last_clean_finished: float = 0.0  # of a round in which every peer answered
    # ---- since the start ----
    partitions_differing: int = 0
    keys_sent: int = 0
    keys_received: int = 0
    keys_forgotten: int = 0  # handoff copies that all primaries have confirmed
    bytes_sent: int = 0
    bytes_received: int = 0
    failures: int = 0
    # ---- healing ----
    copies_owed: int = 0  # waiting for a device that is away
    copies_overflowed: int = 0  # left to the next round: the queue was full
    copies_healed: int = 0
    bad_waiting: int = 0  # quarantined here and not brought back yet

    def count(self, outcome: Outcome) -> None:
        """Count what an exchange came to."""
        self.keys_sent += outcome.pushed
        self.keys_received += outcome.pulled
        self.bytes_sent += outcome.sent
        self.bytes_received += outcome.received

    @property
    def is_running(self) -> bool:
        """Whether a round is under way."""
        return self.round_started > self.last_round_finished

    def eta_seconds(self, now: float) -> float | None:
        """Seconds until the round under way is through; None: cannot be said."""
        if not self.is_running or not self.partitions_done:
            return None
        taken = max(now - self.round_started, 0.0)
        left = self.partitions_total - self.partitions_done
        return taken / self.partitions_done * left

    def age_seconds(self, now: float) -> float | None:
        """Since the last round in which every peer answered; None: none yet."""
        if not self.last_clean_finished:
            return None
        return max(now - self.last_clean_finished, 0.0)

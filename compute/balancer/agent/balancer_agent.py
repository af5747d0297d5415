"""The agent's step: fetch the view, let the host serve it, tell how it fares.

A step is safe to repeat and to kill anywhere: what runs is found again by looking.
While the control plane is away everything is served as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from compute.balancer.agent.outcome import Outcome, Serving
from compute.balancer.client import BalancerClient
from compute.balancer.view import Keys, Report, Served
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress

# Shorter than half of what makes the room think that a host is gone.
HEARTBEAT_SECONDS = 15.0
# What waits for the network agent is tried again at once, so many times: it comes
# within seconds or not at all.
WAITED_MAX = 100
# Whoever keeps a secret says how long it takes to open.  So no more keys are asked for
# once so long has gone by in a step, and those that did not come are asked for again
# after so many times as long as that took.
KEYS_SECONDS = 5.0
KEYS_PAUSES = 6

logger = logging.getLogger("compute.balancer.agent")


class BalancerAgent:
    """One host's step for ``objectstore.kernel.loop.Loop``."""

    name = "balancer-agent"

    def __init__(
        self, host: str, client: BalancerClient, serving: Serving, clock: Clock
    ) -> None:
        self._host = host
        self._client = client
        self._serving = serving
        self._clock = clock
        self._wanted: list[Served] | None = None
        self._reported: Sequence[Report] | None = None
        self._reported_at = 0.0
        self._problems: dict[str, str] = {}
        self._waited = 0
        self._keys_again: dict[str, float] = {}

    def step(self) -> Progress:
        """One look and what follows from it."""
        try:
            self._wanted = self._client.host_view(self._host)
        except RingstackError as error:
            logger.warning("no view from the control plane: %s", error)
            if self._wanted is None:
                return Progress.IDLE  # what runs, runs on
        wanted = self._wanted
        outcomes = concurrency.offload(self._serving.serve, wanted, {})
        keys = self._keys(outcomes)
        if keys:
            outcomes = concurrency.offload(self._serving.serve, wanted, keys)
        self._log(outcomes)
        self._tell([report for each in wanted for report in _reports(each, outcomes)])
        is_waiting = any(outcome.is_waiting for outcome in outcomes.values())
        self._waited = self._waited + 1 if is_waiting else 0
        is_soon = 0 < self._waited <= WAITED_MAX
        return Progress.THROTTLED if is_soon else Progress.IDLE

    def _keys(self, outcomes: dict[str, Outcome]) -> dict[str, Keys]:
        """Asked for where a process is to begin, and not kept."""
        found = {}
        begun = self._clock.monotonic()
        lacking = [key for key, each in outcomes.items() if each.lacks_keys]
        self._keys_again = {
            key: at for key, at in self._keys_again.items() if key in lacking
        }
        for balancer_id in sorted(lacking, key=lambda key: key in self._keys_again):
            now = self._clock.monotonic()
            if now - begun >= KEYS_SECONDS:
                break
            if self._keys_again.get(balancer_id, now) > now:
                continue
            try:
                found[balancer_id] = self._client.keys(self._host, balancer_id)
            except RingstackError as error:
                logger.warning("load balancer %s: keys: %s", balancer_id, error)
                after = self._clock.monotonic()
                pause = KEYS_PAUSES * (after - now)
                self._keys_again[balancer_id] = after + pause
        return found

    def _tell(self, reports: list[Report]) -> None:
        """Report what has changed; the same only as often as a heart beats."""
        now = self._clock.monotonic()
        if reports == self._reported and now < self._reported_at + HEARTBEAT_SECONDS:
            return
        problem = "; ".join(sorted(set(self._problems.values())))
        try:
            self._client.report(self._host, problem, reports)
        except RingstackError as error:
            logger.warning("cannot report: %s", error)
            return
        self._reported, self._reported_at = reports, now

    def _log(self, outcomes: dict[str, Outcome]) -> None:
        """Each trouble once, not at every look."""
        now = {
            key: each.refused or each.problem
            for key, each in outcomes.items()
            if each.refused or each.problem
        }
        for key in sorted(now):
            if self._problems.get(key) != now[key]:
                logger.warning("load balancer %s: %s", key, now[key])
        self._problems = now


def _reports(served: Served, outcomes: dict[str, Outcome]) -> Iterator[Report]:
    outcome = outcomes.get(served.balancer_id, Outcome(is_waiting=True))
    before = served.generation - 1
    if outcome.last is not None:
        process, figures = outcome.last
        yield Report(
            served.balancer_id,
            before,
            process=process,
            servers=figures.servers,
            traffic=figures.traffic,
            counters=outcome.counters,
        )
    if outcome.is_waiting:
        return
    yield Report(
        served.balancer_id,
        before if outcome.refused else served.generation,
        outcome.refused,
        outcome.process,
        outcome.figures.servers,
        outcome.figures.traffic,
        outcome.counters,
    )

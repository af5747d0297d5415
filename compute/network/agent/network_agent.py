"""The agent's step: fetch the view, look at the host, do what differs, report.

A step is safe to repeat and to kill anywhere: it remembers nothing that the host or
the control plane does not know as well (but for what saves work).  After a step that
has done something the next one looks again; only a host that needs nothing is at
rest.  So a bridge that somebody removes by hand is back within one rest of the loop.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from compute.network.agent import operations as do
from compute.network.agent.control import ControlPlane
from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.encryption import unreachable
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.model import Desired, Observed
from compute.network.agent.names import zone_of
from compute.network.agent.plan.plan import plan
from compute.network.agent.plan.wired import wired
from compute.network.agent.settings import AgentSettings
from compute.network.agent.view_file import ViewFile
from compute.network.report import AgentReport, PortStatus
from compute.network.view import HostView
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Progress

# Of a new host with hundreds of ports, some thousand; reports go out in between.
OPERATIONS_MAX = 500
# Shorter than half of what makes a control plane think that an agent is down.
HEARTBEAT_SECONDS = 15.0
# A plan that comes back again and again is not one that time will mend.
SAME_PLAN_MAX = 3
NO_VIEW = -1
# A look takes longer the more there is on the host.  Without a reason the next one
# comes after this many times as long, so looking never costs more than some percent.
REST_SHARE = 30.0

logger = logging.getLogger("compute.network.agent")


class ManagedHost(Protocol):
    """What the agent needs of its host (``host/host.py``)."""

    def observe(self) -> Observed:
        """Everything on it that could be ours."""

    def apply(
        self, operations: Sequence[do.Operation], desired: Desired
    ) -> list[tuple[do.Operation, RingstackError]]:
        """Do them in order; those that failed, and why."""

    def settle(self, desired: Desired) -> None:
        """All that ``desired`` asked for was done."""


class NetworkAgent:
    """One host's step for ``objectstore.kernel.loop.Loop``."""

    name = "network-agent"

    def __init__(
        self,
        settings: AgentSettings,
        control: ControlPlane,
        host: ManagedHost,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._control = control
        self._host = host
        self._clock = clock
        self._file = ViewFile(settings.state_directory)
        self._view: HostView | None = None
        self._is_fresh = False  # the control plane has spoken since the start
        self._last_plan: list[do.Operation] = []
        self._repeats = 0
        self._active: dict[str, bool] = {}
        # What the last view came to, with the zones that it was thought out for.
        self._thought: tuple[dict[str, int], Desired] | None = None
        self._look_at = 0.0  # not before, unless the view changes
        self._failed = ""
        self._failing: set[str] = set()
        self._problem = ""
        self._reported: AgentReport | None = None
        self._reported_at = 0.0

    @property
    def view(self) -> HostView | None:
        """The view that it works on; None before it has one."""
        return self._view

    def step(self) -> Progress:
        """One look and what follows from it.

        What fails is told and tried again at the next look: one thing that cannot be
        mended must not keep the others, or the heartbeat, waiting.
        """
        away = self._refresh()
        is_done = True
        began = self._clock.monotonic()
        if self._view is not None and began >= self._look_at:
            try:
                self._failed, is_done = self._reconcile(self._view)
            except Unavailable as error:
                self._failed = str(error)
            now = self._clock.monotonic()
            is_settled = is_done and not self._failed
            self._look_at = now + REST_SHARE * (now - began) if is_settled else 0.0
        problem = self._failed or away or self._unreachable()
        self._tell(problem)
        return Progress.IDLE if is_done or problem else Progress.BUSY

    def _unreachable(self) -> str:
        return unreachable(self._view, self._settings) if self._view else ""

    def look_soon(self) -> None:
        """There is a reason: the next step looks at the host."""
        self._look_at = 0.0

    # ---- view ------------------------------------------------------------------

    def _refresh(self) -> str:
        """Ask for a newer view; what is wrong with the control plane, or ""."""
        if self._view is None:
            self._view = concurrency.offload(self._file.load, self._settings.host)
        since = NO_VIEW
        if self._view is not None and self._is_fresh:
            since = self._view.revision
        try:
            view = self._control.fetch(self._settings.host, since)
        except RingstackError as error:
            return f"no view from the control plane: {error}"
        self._is_fresh = True
        if view is not None:
            self._take(view)
        return ""

    def _take(self, view: HostView) -> None:
        """A newer view.  Revisions count every change of the cloud; most leave this
        host as it is."""
        last, self._view = self._view, view
        if last is None or replace(last, revision=view.revision) != view:
            self._thought, self._look_at = None, 0.0
            concurrency.offload(self._file.save, view)

    # ---- host --------------------------------------------------------------------

    def _reconcile(self, view: HostView) -> tuple[str, bool]:
        """What failed ("": nothing), and whether nothing was left to do."""
        observed = self._host.observe()
        # Thousands of rules are written and compared: other greenlets run meanwhile.
        desired, operations = concurrency.offload(self._think, view, observed)
        self._watch(operations)
        failed = self._host.apply(operations[:OPERATIONS_MAX], desired)
        if not failed and len(operations) <= OPERATIONS_MAX:
            self._host.settle(desired)
        self._log(failed)
        if failed:
            self._last_plan = []  # it will come again, and not because it is undone
            self._judge(view, [operation for operation, _ in failed])
            first = failed[0][1]
            return f"{len(failed)} operations failed, the first: {first}", False
        if not operations:
            self._judge(view, [])
        return "", not operations

    def _think(
        self, view: HostView, observed: Observed
    ) -> tuple[Desired, list[do.Operation]]:
        zones = _zones(view, observed)
        if self._thought is None or self._thought[0] != zones:
            self._thought = zones, desired_state(view, self._settings, zones)
        return self._thought[1], plan(self._thought[1], observed)

    def _watch(self, operations: list[do.Operation]) -> None:
        """Raise ``Unavailable`` when the same plan is made again and again: something
        undoes it, and doing it at full speed would help nobody."""
        same = bool(operations) and operations == self._last_plan
        self._repeats = self._repeats + 1 if same else 0
        self._last_plan = operations
        if self._repeats >= SAME_PLAN_MAX:
            self._repeats = 0
            what = type(operations[0]).__name__
            raise Unavailable(f"undone again: {what} {operations[0].concerns}")

    def _log(self, failed: list[tuple[do.Operation, RingstackError]]) -> None:
        """Each failure once, not at every look."""
        now = {f"{type(one).__name__} {one.concerns}: {e}" for one, e in failed}
        for text in sorted(now - self._failing):
            logger.warning("%s", text)
        self._failing = now

    def _judge(self, view: HostView, outstanding: list[do.Operation]) -> None:
        """Which ports are wired up now.

        Rules that do not load leave the old ones in force: a port that worked goes on
        working, and a new one must not start.
        """
        rules_fail = any(operation.concerns == do.RULES for operation in outstanding)
        rest = [one for one in outstanding if one.concerns != do.RULES]
        now = wired(view, rest)
        if rules_fail:
            now = {key: ok and self._active.get(key, False) for key, ok in now.items()}
        self._active = now

    # ---- reports -------------------------------------------------------------------

    def _tell(self, problem: str) -> None:
        """Report what has changed; the same only as often as a heart beats."""
        if problem != self._problem:
            logger.warning("%s", problem or "everything is well again")
            self._problem = problem
        known = {port.id for port in self._view.ports} if self._view else set()
        report = AgentReport(
            self._settings.host,
            self._view.revision if self._view else NO_VIEW,
            tuple(
                PortStatus(port_id, is_active)
                for port_id, is_active in sorted(self._active.items())
                if port_id in known
            ),
            problem,
            self._settings.tunnel_address,
            self._settings.tunnel_key,
        )
        now = self._clock.monotonic()
        if report == self._reported and now < self._reported_at + HEARTBEAT_SECONDS:
            return
        try:
            self._control.report(report)
        except RingstackError as error:
            logger.warning("cannot report: %s", error)
            return
        self._reported, self._reported_at = report, now


def _zones(view: HostView, observed: Observed) -> dict[str, int]:
    """Each network's conntrack zone: the one that its bridge remembers."""
    kept = {}
    for seen in observed.host.links.values():
        found = zone_of(seen.alias)
        if found is not None:
            kept[found[0]] = found[1]
    return assign_zones(view.networks, kept)

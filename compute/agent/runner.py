"""The guest agent: claims jobs of its hosts, does them, tells how the hosts are.

One agent serves one real host, or any number of simulated ones: everything it asks
and tells goes in batches over all of them.  A wake-up says on which host to look;
without any, all are looked at now and then.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from compute.agent.fetching_ahead import AheadFetcher
from compute.agent.host import HostKit, Neighbours
from compute.agent.job_runner import JobRunner
from compute.agent.reconcile import Reconciler
from compute.agent.returning import Returning
from compute.agent.settings import LOOK_SECONDS
from compute.core.bus import Bus, Message
from compute.core.errors import Stale
from compute.instance.client import ClaimedJob, HostReport, ServerBrief
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected, Unavailable

LATER_SECONDS = 0.05
# What failed for no reason that is known would most likely fail again at once.
FAILED_SECONDS = 30.0

_log = logging.getLogger("compute.agent")


@dataclass(frozen=True, slots=True)
class AgentTimes:
    """How often; in seconds."""

    look: float = LOOK_SECONDS  # for jobs that no message told of
    report: float = 10.0  # a third of what makes a host count as down, or less
    renew: float = 10.0  # a third of a job's lease
    reconcile: float = 60.0
    bring_back: float = 1.0  # guests that ended with their host


class Agent:
    """Runs until ``stop``."""

    def __init__(
        self,
        kits: Mapping[str, HostKit],
        neighbours: Neighbours,
        bus: Bus,
        *,
        owner: str,
        jobs_at_once: int = 16,
        times: AgentTimes | None = None,
        console_url: str = "",
    ) -> None:
        """``owner``: the same after a restart, so that it takes up its own jobs at
        once; unique among agents.  ``console_url``: where users find the consoles of
        its guests; "": where they find the API."""
        self._kits = kits
        self._instances = neighbours.instances
        self._clock = neighbours.clock
        self._bus = bus
        self._owner = owner
        self._console_url = console_url
        self._times = times or AgentTimes()
        self._fetcher = AheadFetcher()
        self._jobs = JobRunner(kits, neighbours, owner, self._fetcher)
        self._reconciler = Reconciler(neighbours)
        self._returning = Returning(neighbours)
        self._unseen = set(kits)  # not looked at since the start
        self._pool = concurrency.Pool(jobs_at_once)
        self._running: dict[str, tuple[ClaimedJob, concurrency.Task]] = {}
        self._hosts_to_look_at: set[str] = set(kits)
        self._wake = concurrency.Event()
        self._stopping = False
        self._tasks: list[concurrency.Task] = []
        self._unsubscribe: list[Callable[[], None]] = []

    # ---- life ------------------------------------------------------------------

    def open(self) -> None:
        """Connect to the hypervisors.  ``Unavailable`` where one cannot be had."""
        for kit in self._kits.values():
            kit.hypervisor.open()

    def start(self) -> None:
        """Begin."""
        for name in self._kits:
            self._unsubscribe.append(
                self._bus.subscribe(f"instance.host.{name}", self._hint(name))
            )
        self._tasks = [
            concurrency.spawn(self._repeat, self._times.report, self.report),
            concurrency.spawn(self._repeat, self._times.renew, self._renew),
            concurrency.spawn(self._repeat, self._times.reconcile, self.reconcile),
            concurrency.spawn(self._repeat, self._times.bring_back, self.bring_back),
            concurrency.spawn(self._look_for_jobs),
        ]

    def stop(self) -> None:
        """Drop everything where it is: what was under way goes on at the next
        start.  Guests run on."""
        self._stopping = True
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        running = [task for _, task in self._running.values()]
        for task in [*self._tasks, *running]:
            concurrency.kill_task(task)
        self._tasks, self._running = [], {}
        self._fetcher.stop()
        for kit in self._kits.values():
            kit.hypervisor.close()

    def _hint(self, host: str) -> Callable[[Message], None]:
        def hint(message: Message) -> None:
            self._look_at(host)

        return hint

    def _repeat(self, seconds: float, act: Callable[[], None]) -> None:
        while not self._stopping:
            try:
                act()
            except (Unavailable, Rejected) as error:
                _log.warning("the control plane: %s", error)
            except Exception:  # noqa: BLE001  (told; the next round may do better)
                _log.exception("a round of the agent failed")
            concurrency.sleep(seconds)

    # ---- jobs ------------------------------------------------------------------

    def _look_for_jobs(self) -> None:
        looked_at = self._clock.monotonic()
        while not self._stopping:
            self._wake.wait(self._times.look)
            self._wake.clear()
            if self._clock.monotonic() - looked_at >= self._times.look:
                self._hosts_to_look_at = set(self._kits)
                looked_at = self._clock.monotonic()
            try:
                self._begin_jobs()
            except (Unavailable, Rejected) as error:
                _log.warning("no jobs can be claimed: %s", error)
                concurrency.sleep(1.0)
            except Exception:  # noqa: BLE001  (told; the next round may do better)
                _log.exception("claiming jobs failed")
                concurrency.sleep(1.0)

    def _begin_jobs(self) -> None:
        """Claim as many jobs as there are places for."""
        free = self._pool.free()
        if free <= 0 or not self._hosts_to_look_at:
            return
        hosts, self._hosts_to_look_at = self._hosts_to_look_at, set()
        try:
            jobs = self._claim(hosts, free)
        except BaseException:
            self._hosts_to_look_at |= hosts
            raise
        if len(jobs) == free:  # there may be more than fitted
            self._hosts_to_look_at |= hosts
        for job in jobs:
            task = self._pool.spawn(self._do, job)
            self._running[job.subject_id] = (job, task)

    def _claim(self, hosts: set[str], limit: int) -> list[ClaimedJob]:
        return self._instances.claim(
            hosts, self._owner, limit=limit, busy=list(self._running)
        )

    def _do(self, job: ClaimedJob) -> None:
        again = 0.0
        try:
            again = self._jobs.run(job)
        except Exception:  # noqa: BLE001  (told; it is tried again)
            _log.exception("job %s of kind %s", job.id, job.kind)
            # Still its own meanwhile: claimed at once, it would fill the log.
            concurrency.sleep(FAILED_SECONDS)
        finally:
            self._running.pop(job.subject_id, None)
            # The same server, or one that found no place, may have more to do.
            self._look_at(job.queue)
        if again and not self._stopping:
            # A little later than the job may go on, so that one look is enough.
            concurrency.spawn_later(again + LATER_SECONDS, self._look_at, job.queue)

    def _look_at(self, host: str) -> None:
        self._hosts_to_look_at.add(host)
        self._wake.set()

    def run_pending(self, limit: int = 1000) -> int:
        """Do what can be claimed now, one after another; how many (for programs
        that drive an agent step by step)."""
        jobs = self._claim(set(self._kits), limit)
        for job in jobs:
            self._jobs.run(job)
        self._fetcher.wait()
        return len(jobs)

    def _renew(self) -> None:
        for job, task in list(self._running.values()):
            try:
                self._instances.renew(job.id, self._owner)
            except Stale:
                # It may have ended in this very moment; then it is not there.
                if self._running.get(job.subject_id, (None, None))[0] is job:
                    _log.warning("job %s was taken away", job.id)
                    self._running.pop(job.subject_id)
                    concurrency.kill_task(task)

    # ---- hosts -----------------------------------------------------------------

    def report(self) -> None:
        """Tell that the hosts live, what they have, and what their guests do."""
        self._look_first()
        reports = []
        for name, kit in self._kits.items():
            if name in self._unseen:
                continue  # its hypervisor was away at this very moment
            try:
                inventory = dataclasses.asdict(kit.hypervisor.inventory())
                inventory["agent_url"] = kit.url
                inventory["console_url"] = self._console_url
                states = kit.hypervisor.states()
            except Unavailable as error:
                # A host whose hypervisor is away is as good as down.
                _log.warning("%s: %s", name, error)
                continue
            reports.append(
                HostReport(
                    name,
                    inventory,
                    {
                        uuid: state.value
                        for uuid, state in states.items()
                        if not self._returning.owes(uuid)
                    },
                    kit.address,
                )
            )
        if reports:
            self._instances.report(reports)

    def reconcile(self) -> None:
        """Compare guests with servers."""
        self._look_first()
        busy = set(self._running)
        for kit, servers in self._servers_by_kit():
            if self._stopping:
                return
            guests = kit.hypervisor.states()
            self._reconciler.run(kit, guests, servers, busy)
            self._returning.look(kit, guests, servers, is_first=False)
        self.bring_back()

    def bring_back(self) -> None:
        """Start guests that ended with their host, if it is time."""
        self._returning.step(self._running)

    def _look_first(self) -> None:
        """Find the guests that are to come back before anything is told of them."""
        if not self._unseen:
            return
        for kit, servers in self._servers_by_kit():
            if kit.name not in self._unseen:
                continue
            try:
                guests = kit.hypervisor.states()
            except Unavailable as error:
                _log.warning("%s: %s", kit.name, error)
                continue
            self._returning.look(kit, guests, servers, is_first=True)
            self._unseen.discard(kit.name)

    def _servers_by_kit(self) -> Iterator[tuple[HostKit, list[ServerBrief]]]:
        """One host's servers, or with one question those of a thousand hosts.

        The hosts are looked at after the answer: a guest that is made in between is
        asked for by its own id before anything is done to it.
        """
        if len(self._kits) == 1:
            for name, kit in self._kits.items():
                yield kit, self._instances.servers_of(name)
            return
        by_host: dict[str, list[ServerBrief]] = {}
        for brief in self._instances.servers():
            by_host.setdefault(brief.host, []).append(brief)
        for name, kit in self._kits.items():
            yield kit, by_host.get(name, [])

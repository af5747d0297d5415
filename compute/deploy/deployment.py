"""Deploying: read what there is, act on the difference, one zone at a time.

Nothing is remembered between runs but the site's files: whatever an earlier run left,
the next survey finds it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from compute.deploy.acting import Acting, Say
from compute.deploy.draining import devices_left, guests_left
from compute.deploy.fleet import Fleet
from compute.deploy.forgetting import why_not_forgotten
from compute.deploy.inventory import Inventory
from compute.deploy.model import Host, Part
from compute.deploy.plan import farewells, service_changes
from compute.deploy.rings import RingStep, first_ring, next_step, ring_names
from compute.deploy.rolling import Batch, batches
from compute.deploy.settling import wait_until_whole
from compute.deploy.sharing import share_keys
from compute.deploy.site import Site
from compute.deploy.store_policies import replicas_max
from compute.deploy.survey import Survey, ring_files, survey
from compute.deploy.transport import Refused
from ring.file import load_builder, save_builder, save_ring

HEALTH_SECONDS = 60.0
# Large guests take their time; apply again goes on.
DRAINED_SECONDS = 3600.0
LOOK_SECONDS = 1.0
REASONS_SHOWN = 5


class Stopped(Exception):
    """The deployment stopped where going on would not be safe."""


class Deployment:
    """One run, with the site locked."""

    def __init__(
        self, fleet: Fleet, inventory: Inventory, site: Site, say: Say
    ) -> None:
        self._fleet = fleet
        self._inventory = inventory
        self._site = site
        self._say = say
        self._acting = Acting(fleet, site, say)
        self._accepts_loss = False

    def apply(
        self,
        *,
        forget: Iterable[str] = (),
        wait: bool = False,
        accept_loss: bool = False,
        interrupt: bool = False,
    ) -> list[str]:
        """Make it so; what is left to be done by a later run.  Raises ``Stopped``.

        ``interrupt``: also what cannot be done while the cloud serves.
        """
        lost = tuple(forget)
        self._accepts_loss = accept_loss
        found = survey(self._fleet, self._inventory, self._site)
        for host, why in found.away.items():
            self._say(f"{host.name}: {why}; the others go on")
        self._refuse_obstacles(found)
        at_once = self._interruption(found, allowed=interrupt)
        # Not before: what stands in the way may be a cluster that has them already.
        self._keep_first_files(found)
        self._refuse_forgetting(lost)
        # What rings refuse is refused before any host is touched.
        self._next_steps(lost)
        away = [*found.away, *self._prepare(found)]
        if lost:
            # First: without it the store is never whole, and nothing is restarted.
            left = self._step_rings(away, lost, wait=False)
            if away:
                raise Stopped("\n".join(left))
        self._roll(found, away, at_once=at_once)
        if len(away) < len(self._inventory.hosts):
            self._site.release_runs()
        left = [f"{host.name}: was not deployed" for host in away]
        left += [*self._step_rings(away, (), wait), *self._drain(wait)]
        self._say_goodbye()
        self._site.prune(self._inventory.cloud.releases)
        return left

    # ---- files of the site ---------------------------------------------------------

    def _keep_first_files(self, found: Survey) -> None:
        self._site.keep_secrets(found.secrets)
        if found.papers is not None:
            self._site.keep_papers(found.papers)
        for name in ring_names(self._inventory):
            path = self._site.builder(name)
            if not path.exists():
                save_builder(first_ring(self._inventory, name), path)
                self._say(f"ring {name}: drawn")
            save_ring(load_builder(path).ring(), self._site.ring(name))

    def _refuse_obstacles(self, found: Survey) -> None:
        obstacles = [
            f"{host.name}: {remark.text}"
            for host, remarks in found.remarks(self._inventory).items()
            for remark in remarks
            if remark.is_obstacle
        ]
        if obstacles:
            raise Stopped("\n".join(obstacles))

    def _interruption(self, found: Survey, *, allowed: bool) -> bool:
        """Whether all must be restarted at once.  Raises ``Stopped`` if it may not."""
        reasons = found.interruptions()
        told = [f"{host.name}: {why}" for host, why in reasons.items()]
        if reasons and not allowed:
            hint = (
                "it cannot run beside what the inventory wishes: all must restart at "
                "once, by apply --interrupt; or let tls in [cloud] be as it was (it is "
                "yes where that is not said)"
            )
            raise Stopped("\n".join([*told, hint]))
        if reasons and found.away:
            raise Stopped("every host must be there, for all restart at once")
        return bool(reasons)

    def _refuse_forgetting(self, lost: tuple[str, ...]) -> None:
        problem = why_not_forgotten(
            self._fleet,
            self._inventory,
            self._site,
            lost,
            accepts_loss=self._accepts_loss,
        )
        if problem:
            raise Stopped(problem)

    # ---- preparing -----------------------------------------------------------------

    def _prepare(self, found: Survey) -> list[Host]:
        """All hosts at once; those where it failed."""
        failed = self._acting.prepare(found.hosts)
        for host, why in failed.items():
            self._say(f"{host.name}: {why}")
        return list(failed)

    # ---- services ------------------------------------------------------------------

    def _roll(self, found: Survey, away: list[Host], *, at_once: bool) -> None:
        changes = {
            host: service_changes(each.wishes, each.found)
            for host, each in found.hosts.items()
            if host not in away
        }
        nodes = self._inventory.playing(Part.STORE)
        absent = [host.name for host in nodes if host in away]
        self._share_keys()
        replicas = replicas_max(self._inventory.store)
        to_do = batches(changes, nodes, replicas, at_once=at_once)
        for number, batch in enumerate(to_do, 1):
            if absent and batch.is_restart and batch.touches_store:
                text = f"not done, for its replicas may be all there are: {batch.title}"
                raise Stopped(f"{', '.join(absent)}: was not deployed\n{text}")
            is_last = not any(later.touches_store for later in to_do[number:])
            self._run_batch(batch, found, is_last=is_last)

    def _run_batch(self, batch: Batch, found: Survey, *, is_last: bool) -> None:
        """``is_last``: of those of the store."""
        if batch.is_restart and batch.touches_store and not batch.interrupts:
            self._wait_until_whole(f"before: {batch.title}", rolling=True)
        if batch.touches_cloud:
            self._share_keys(starting=True)
        self._say(batch.title)
        changes = dict(batch.acts)

        def start(host: Host) -> str:
            change = changes[host]
            self._fleet.ask(host, change.order)
            address, port = found.hosts[host].wishes.services[change.subject].health
            question = {"verb": "healthy", "address": address, "port": port}
            question |= {"seconds": HEALTH_SECONDS, "tls": self._inventory.cloud.tls}
            return str(self._fleet.ask(host, question))

        done, refused = self._fleet.each(list(changes), start)
        problems = {**refused, **{host: why for host, why in done.items() if why}}
        told = [f"{host.name}: {why}{batch.where}" for host, why in problems.items()]
        if not told:
            if batch.is_restart and batch.touches_store:
                self._wait_until_whole(f"after: {batch.title}", rolling=not is_last)
            return
        if batch.is_restart:
            text = "\n".join([f"stopped at: {batch.title}", *told])
            hint = "mend that and apply again: it goes on with what runs otherwise"
            raise Stopped(f"{text}\n{hint}")
        for line in told:
            self._say(line)
        if len(problems) == len(changes):
            raise Stopped(f"nothing answers after: {batch.title}")

    def _share_keys(self, *, starting: bool = False) -> None:
        problem = share_keys(self._fleet, self._inventory, self._say, starting=starting)
        if problem:
            raise Stopped(problem)

    def _wait_until_whole(self, why: str, *, rolling: bool = False) -> None:
        reasons = wait_until_whole(
            self._fleet, self._inventory, self._site, self._say, rolling=rolling
        )
        if reasons:
            shown = "\n".join(reasons[:REASONS_SHOWN])
            raise Stopped(f"the store is not whole {why}\n{shown}")
        if not rolling:
            self._site.all_has_arrived()

    # ---- rings ---------------------------------------------------------------------

    def _step_rings(
        self, away: list[Host], forget: tuple[str, ...], wait: bool
    ) -> list[str]:
        while True:
            steps = self._next_steps(forget)
            done = {name: step for name, step in steps.items() if step.done}
            left = [f"ring {n}: {each}" for n, s in steps.items() for each in s.left]
            if not done and not (wait and left):
                return left
            if away and done:
                # Its replicas would have to move while others are missing.
                return ["rings wait: not every host was deployed"]
            if done:
                # Without a host that is lost it never is: its copies are made now.
                if forget:
                    self._site.keep_arrived(self._site.builders(self._inventory))
                else:
                    self._wait_until_whole("before rings change")
                    # From now on partitions rest, not from before that.
                    steps = self._next_steps(())
                without = self._keep({name: steps[name] for name in done})
                if without:
                    return [*left, *without]
                forget = ()
            if not (wait and left):
                return left
            time.sleep(LOOK_SECONDS)

    def _next_steps(self, forget: tuple[str, ...]) -> dict[str, RingStep]:
        now = int(time.time())
        return {
            name: next_step(builder, self._inventory, now, forget, name)
            for name, builder in self._site.builders(self._inventory).items()
        }

    def _keep(self, steps: dict[str, RingStep]) -> list[str]:
        """Who could not be brought them, and why."""
        for name, step in steps.items():
            save_builder(step.builder, self._site.builder(name))
            save_ring(step.builder.ring(), self._site.ring(name))
            for line in step.done:
                self._say(f"ring {name}: {line}")
        # Killed here, the next run's preparation brings them to the hosts.
        files = ring_files(self._inventory, self._site)
        found = survey(self._fleet, self._inventory, self._site)
        failed = self._acting.prepare(found.hosts, files)
        return [f"{host.name}: has other rings: {why}" for host, why in failed.items()]

    # ---- who is on the way out -----------------------------------------------------

    def _drain(self, wait: bool) -> list[str]:
        """Ask servers to leave drained hosts; what these still have."""
        told: list[str] = []
        last = time.monotonic() + DRAINED_SECONDS
        while True:
            left = guests_left(self._fleet, self._inventory, acts=True)
            waiting, done = devices_left(self._fleet, self._inventory, self._site)
            left += waiting
            if not left or not wait or time.monotonic() > last:
                break
            if left != told:
                for line in left:
                    self._say(f"waiting: {line}")
            told = left
            time.sleep(LOOK_SECONDS)
        for line in done:
            self._say(line)
        return left

    # ---- what is wished no more ----------------------------------------------------

    def _say_goodbye(self) -> None:
        now = survey(self._fleet, self._inventory, self._site)
        for host, each in now.hosts.items():
            for change in farewells(each.wishes, each.found):
                try:
                    self._acting.act(host, each.wishes, change)
                except Refused as error:
                    self._say(f"{host.name}: {error}")

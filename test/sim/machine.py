"""One simulated machine: the parts of a server process, wired as ``app.worker`` does,
on a simulated disk, clock and wire; switched on, cut off, paused, set back.

A machine outlives its process: ``life`` is the process that runs now.  A crash ends
the life between any two of its steps; the next one begins with what the disk kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from objectstore.account.server import account_server
from objectstore.app import leaving
from objectstore.app.device_watch import REST_SECONDS as DEVICE_REST_SECONDS
from objectstore.app.device_watch import DeviceWatch
from objectstore.app.devices import LocalDevices
from objectstore.app.directory import NodeDirectory, Peers
from objectstore.app.front import NodeFront
from objectstore.app.internal import InternalStore
from objectstore.app.neighbours import Neighbours
from objectstore.app.pipeline import filter_loops
from objectstore.app.rings import RingSet
from objectstore.app.row_sender import RowSender
from objectstore.container.server import container_server
from objectstore.kernel import concurrency
from objectstore.kernel.loop import Loop
from objectstore.kernel.request import Application
from objectstore.object.server import object_server
from objectstore.proxy.app import ProxyApplication
from objectstore.proxy.rounds.placement import Placement
from objectstore.wire.channel.format import PATH as CHANNEL_PATH
from objectstore.wire.channel.serving import ChannelServer
from test.sim.clock import OpClock, SkewedClock
from test.sim.disk import SimulatedDisk
from test.sim.hub import Realm, SimulatedHub
from test.sim.life import Life
from test.sim.network import Network
from test.sim.pipeline import filtered
from test.sim.settings import SECRET, settings_for
from test.sim.wire import SimulatedPool

PORT = 6200
CHANNELS_RATE = 0.8
# What ``app.worker`` gives to those who stop.
COPIES_SECONDS = 10.0
NODES_SECONDS = 5.0
LOOK_SECONDS = 0.1
RingSource = Callable[[], RingSet]


class Plant:
    """A bug put into every process, to see that it is found.  This one: none.

    ``policies``: sections of the cluster's settings; none: one policy of copies.
    """

    policies = ""
    has_filters = False  # whether clients meet more than the proxy
    story = ""  # the one that is told then; "": the seed chooses some

    def make_disk(self, directory: Path, random: Random) -> SimulatedDisk:
        """A machine's disk."""
        return SimulatedDisk(directory, random)

    def sabotage(self, process: Process) -> None:
        """Change what the process has opened; runs in its realm, may ``spawn``."""


class Process(Life):
    """One life of a machine: everything that a process has in memory."""

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine.name, Realm(name))
        self.clock = SkewedClock(machine.hub, machine)
        self.timestamps = OpClock(self.clock)
        self._machine = machine
        settings = settings_for(machine.disk.directory, machine.plant.policies)
        pool: Any = SimulatedPool(
            machine.network,
            machine.random,
            self,
            machine.machines,
            self.clock.monotonic,
        )
        # Of an earlier version, some lives: they answer requests only.
        self._knows_channels = machine.random.random() < CHANNELS_RATE
        rings = self.rings = machine.rings()
        self.devices = LocalDevices(
            settings,
            machine.disk,
            self.clock,
            self.timestamps,
            RowSender(lambda: self.placement, self.clock, settings.server.reclaim_age),
            Neighbours(lambda: self.rings, lambda: self.directory),
            InternalStore(
                lambda: self.placement,
                settings.policies,
                settings.proxy,
                self.clock,
                self.timestamps,
            ),
        )
        own = frozenset([machine.address])
        peers = Peers(pool, SECRET, settings.client.response_timeout)
        self.directory = NodeDirectory(self.devices.nodes, {}, own, peers)
        self.placement = Placement(
            rings.objects,
            rings.container,
            rings.account,
            self.directory,
            hash_suffix=settings.cluster.hash_suffix.encode(),
        )
        self.proxy = ProxyApplication(
            self.placement,
            settings.policies,
            settings.proxy,
            self.clock,
            timestamps=self.timestamps,
            process_id=name,
        )
        # What clients talk to.
        self.front: Application = self.proxy
        if machine.plant.has_filters:
            self.front = filtered(self.proxy, self.clock)

    def start(self) -> None:
        """Open the devices, then serve.  Runs in its realm; waits."""
        machine = self._machine
        self.devices.open(machine.device_names)
        machine.plant.sabotage(self)
        servers = {
            "object": object_server(self.devices.nodes.objects, SECRET),
            "container": container_server(self.devices.nodes.containers, SECRET),
            "account": account_server(self.devices.nodes.accounts, SECRET),
        }
        self._channels = ChannelServer(servers, SECRET, self.clock.monotonic)
        pages = {CHANNEL_PATH: self._channels} if self._knows_channels else {}
        self.application = NodeFront(servers, pages)
        self.devices.start_loops()
        watch = DeviceWatch(
            self.devices,
            machine.disk,
            lambda: machine.device_names,
            machine.disk.directory,
            machine.disk.directory / "run",
            self._devices_changed,
            mount_check=False,
        )
        self._watch = Loop(watch, idle_seconds=DEVICE_REST_SECONDS)
        self._watch.start()
        for loop in filter_loops(self.front, self.proxy.facts):
            loop.start()

    def _devices_changed(self) -> None:
        self._machine.plant.sabotage(self)
        self.follow(self.rings)

    def stop(self) -> None:
        """End in good order; it has started."""
        opened = list(self.devices.opened.values())
        until = self.clock.monotonic() + COPIES_SECONDS
        leaving.pay(leaving.debts_of(opened), self.clock, until)
        locks = [each for device in opened for each in device.locks]
        leaving.let_writers_end(locks, self.clock)
        self.application = None
        self._channels.leave()
        until = self.clock.monotonic() + NODES_SECONDS
        while self.has_callers and self.clock.monotonic() < until:
            concurrency.sleep(LOOK_SECONDS)
        self._watch.stop()
        self.devices.close()

    def follow(self, rings: RingSet) -> None:
        """Use these rings from here on."""
        self.rings = rings
        self.placement.follow(rings.objects, rings.container, rings.account)


class Machine:
    """See the module.  ``machines`` are all of them, by address."""

    def __init__(
        self,
        number: int,
        hub: SimulatedHub,
        network: Network,
        random: Random,
        directory: Path,
        machines: Mapping[Any, Machine],
        rings: RingSource,
        plant: Plant,
    ) -> None:
        self.number = number
        self.plant = plant
        self.name = f"m{number}"
        self.address = (f"10.0.0.{number}", PORT)
        self.device_names = [f"d{number}"]
        self.hub = hub
        self.network = network
        self.random = random
        self.machines = machines
        self.rings = rings
        self.skew_seconds = 0.0
        self.life: Process | None = None
        self.starts = 0
        self._directory = directory
        self._past: list[Any] = []  # nothing of a life that has ended is unwound
        self.disk = plant.make_disk(self._next_directory(), random)

    def _next_directory(self) -> Path:
        self.starts += 1
        return self._directory / f"{self.name}.{self.starts}"

    @property
    def is_up(self) -> bool:
        """Whether it serves now."""
        return self.life is not None and self.life.application is not None

    def start(self) -> concurrency.Promise[None]:
        """Switch it on; kept when it serves."""
        assert self.life is None
        life = self.life = Process(self, f"{self.name}.{self.starts}")
        self.disk.on_death = lambda: self.hub.call_later(
            None, 0.0, lambda: self._died(life)
        )
        return self.perform(life.start)

    def perform(self, act: Callable[[], Any]) -> concurrency.Promise[Any]:
        """Let the process do it; the promise belongs to the world outside, and
        stays open for ever when the process ends first."""
        assert self.life is not None
        promise: concurrency.Promise[Any] = concurrency.Promise()
        hub = self.hub

        def run() -> None:
            try:
                value = act()
            except Exception as error:
                hub.call_later(None, 0.0, partial(promise.fail, error))
            else:
                hub.call_later(None, 0.0, lambda: promise.resolve(value))

        hub.call_later(self.life.realm, 0.0, lambda: concurrency.spawn(run))
        return promise

    def _died(self, life: Process) -> None:
        if self.life is life:
            self.crash()

    def crash(self, *, breaks_connections: bool = False) -> None:
        """Cut the power, or kill the process with ``breaks_connections``."""
        life, self.life = self.life, None
        if life is None:
            return
        self.hub.kill(life.realm)
        if breaks_connections:
            life.break_connections()
        self._past += [life, self.disk]
        self.disk.on_death = None
        self.disk = self.disk.survivor(self._next_directory())

    def roll(self) -> None:
        """Let the logs of its device begin new segments."""
        assert self.life is not None
        for node in self.life.devices.nodes.objects.values():
            node.store.journal.roll()  # type: ignore[attr-defined]

    def erase(self) -> None:
        """A dead disk is swapped for an empty one; the machine is off."""
        assert self.life is None
        self._past.append(self.disk)
        self.disk = self.plant.make_disk(self._next_directory(), self.random)

    def stop(self) -> concurrency.Promise[None]:
        """Switch it off in good order; kept when it is off."""
        life = self.life
        assert life is not None
        stopped = self.perform(life.stop)

        def end(_: Any) -> None:
            if self.life is life:
                self.life = None
                self.hub.kill(life.realm)
                life.break_connections()
                self._past.append(life)

        stopped.when_done(end)
        return stopped

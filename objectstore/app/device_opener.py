"""Opens a device as the settings say: its stores, its nodes and their loops, each given
what it needs."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from objectstore.account.node import LocalAccountNode
from objectstore.account.store import AccountStore
from objectstore.app.fragment_room import add_fragments
from objectstore.app.internal import InternalStore
from objectstore.app.neighbours import Neighbours
from objectstore.app.open_device import OpenDevice, Room
from objectstore.app.ranks import Ranks
from objectstore.app.repairing import RepairShop
from objectstore.app.room_loops import RoomLoops
from objectstore.app.row_sender import RowSender
from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.container.updater import REST_SECONDS as REPORT_REST_SECONDS
from objectstore.container.updater import ContainerUpdater
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.device import Device
from objectstore.kernel.disk import Disk
from objectstore.kernel.journal.journal import ALLOCATE_BYTES
from objectstore.kernel.loop import Loop
from objectstore.kernel.space import SpaceGuard
from objectstore.kernel.timestamps import HybridClock
from objectstore.kernel.turns import Line
from objectstore.object.maintenance.loops import maintenance_loops
from objectstore.object.maintenance.updater import REST_SECONDS as PAY_REST_SECONDS
from objectstore.object.maintenance.updater import ObjectUpdater
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.policy.erasure import fragment_space
from objectstore.replication.presence import (
    MARK_SECONDS,
    PresenceStep,
    check_presence,
    read_mark,
    write_mark,
)
from objectstore.settings import Role, StoreSettings

_ROOMS = {
    Role.ACCOUNT: "accounts",
    Role.CONTAINER: "containers",
    Role.OBJECT: "objects",
}


@dataclass(frozen=True, slots=True)
class Work:
    """What the loops of a device need of the rest of the cluster.

    ``internal`` None: nothing is expired or reaped.
    """

    sender: RowSender
    neighbours: Neighbours
    internal: InternalStore | None


class DeviceOpener:
    """Opens devices as the settings say."""

    def __init__(
        self,
        settings: StoreSettings,
        disk: Disk,
        clock: Clock,
        timestamps: HybridClock,
        work: Work,
    ) -> None:
        self._settings = settings
        self._disk = disk
        self._clock = clock
        self._timestamps = timestamps
        self._work = work
        self._shop = RepairShop(
            settings.replication, settings.server.reclaim_age, clock
        )
        self._folding = Line()
        self._compacting = concurrency.Semaphore(1)  # one store at a time
        neighbours = work.neighbours
        self._ranks = Ranks(
            neighbours.rings, lambda device: neighbours.directory().is_here(device)
        )
        self._loops = RoomLoops(
            settings, disk, clock, self._ranks, work.internal, self._folding
        )

    def open(self, name: str) -> OpenDevice:
        """Open it.  Blocks; raises what is wrong with it."""
        server = self._settings.server
        path = str(server.devices / name)
        rooms = [room for role, room in _ROOMS.items() if role in server.roles]
        with ExitStack() as opening:
            device = Device.open(
                self._disk, path, mount_check=server.mount_check, rooms=rooms
            )
            opening.callback(device.close)
            self._check_presence(name, path, rooms)
            space = SpaceGuard(
                self._disk, path, server.reserve, self._clock, server.body_reserve
            )
            opened = OpenDevice(name, space, opening, self._shop.throttle())
            if Role.OBJECT in server.roles:
                for policy in self._settings.policies:
                    records = self._open_objects(opened, device, policy.index)
                    if policy.erasure is not None:
                        self._open_fragments(opened, device, policy.index, records)
            if Role.CONTAINER in server.roles:
                self._open_containers(opened, device)
            if Role.ACCOUNT in server.roles:
                self._open_accounts(opened, device)
            presence = PresenceStep(self._disk, path, rooms, self._clock)
            opened.own_loops.append(Loop(presence, idle_seconds=MARK_SECONDS))
            opened.closing = opening.pop_all()
        return opened

    def _check_presence(self, name: str, path: str, rooms: list[str]) -> None:
        """Refuse a device that slept through deletions, then note that it is open."""
        server, disk, now = self._settings.server, self._disk, self._clock.time()
        names, are_all = self._work.neighbours.own_devices()
        others = (
            read_mark(disk, str(server.devices / other), rooms)
            for other in names
            if other != name
        )
        check_presence(
            disk,
            path,
            rooms,
            now,
            server.reclaim_age,
            others,
            others_are_all=are_all,
        )
        write_mark(disk, path, rooms, now)

    # ---- rooms ----------------------------------------------------------------

    def _store_options(self) -> StoreOptions:
        server = self._settings.server
        return StoreOptions(
            reclaim_seconds=int(server.reclaim_age),
            reserve_bytes=server.reserve,
            body_reserve_bytes=server.body_reserve,
            segment_bytes_max=server.segment,
            allocate_bytes=min(ALLOCATE_BYTES, server.segment // 4),
        )

    def _open_objects(
        self, opened: OpenDevice, device: Device, policy: int
    ) -> ObjectStore:
        work, clock, options = self._work, self._clock, self._store_options()
        rank = self._ranks.object(policy, opened.name)
        store = ObjectStore.open(
            device, policy, clock, options, is_read_first=lambda key: not rank(key)
        )
        opened.closing.callback(store.close)
        owed = self._shop.owed()
        node = LocalObjectNode(store, owed)
        opened.nodes.objects[policy, opened.name] = node
        opened.locks.append(node.locks)
        repairer = self._shop.for_objects(
            opened.name,
            node,
            work.neighbours.of_objects(opened.name, policy),
            owed,
            opened.throttle,
        )
        updater = ObjectUpdater(store, clock, work.sender.object_row)
        loops = [
            Loop(updater, idle_seconds=PAY_REST_SECONDS),
            *self._loops.of_objects(opened.name, store),
            *repairer.loops(),
            *maintenance_loops(store, repairer.has_converged, self._compacting),
        ]
        status = repairer.status
        opened.rooms.append(Room("objects", policy, store, status, loops, repairer))
        return store

    def _open_fragments(
        self, opened: OpenDevice, device: Device, policy: int, records: ObjectStore
    ) -> None:
        store = ObjectStore.open(
            device, fragment_space(policy), self._clock, self._store_options()
        )
        opened.closing.callback(store.close)
        loops = [
            *self._loops.upkeep(store),
            *maintenance_loops(store, turn=self._compacting),
        ]
        neighbours = self._work.neighbours
        add_fragments(
            opened, records, store, neighbours, self._settings, self._clock, loops
        )

    def _open_containers(self, opened: OpenDevice, device: Device) -> None:
        store = ContainerStore.open(
            device, self._timestamps, space=opened.space, line=self._folding
        )
        opened.closing.callback(store.close)
        owed = self._shop.owed()
        node = LocalContainerNode(store, owed)
        opened.nodes.containers[opened.name] = node
        repairer = self._shop.for_databases(
            "container",
            opened.name,
            node,
            store.databases,
            self._work.neighbours.of_containers(opened.name),
            owed,
            opened.throttle,
        )
        updater = ContainerUpdater(store, self._work.sender.container_rows)
        loops = [Loop(updater, idle_seconds=REPORT_REST_SECONDS)]
        loops += self._loops.of_databases(store.databases, repairer, store.is_reported)
        status = repairer.status
        opened.rooms.append(Room("containers", 0, store, status, loops, repairer))

    def _open_accounts(self, opened: OpenDevice, device: Device) -> None:
        store = AccountStore.open(device, space=opened.space)
        opened.closing.callback(store.close)
        owed = self._shop.owed()
        node = LocalAccountNode(store, owed)
        opened.nodes.accounts[opened.name] = node
        repairer = self._shop.for_databases(
            "account",
            opened.name,
            node,
            store.databases,
            self._work.neighbours.of_accounts(opened.name),
            owed,
            opened.throttle,
        )
        loops = self._loops.of_accounts(opened.name, store)
        loops += self._loops.of_databases(
            store.databases, repairer, lambda broker: True
        )
        status = repairer.status
        opened.rooms.append(Room("accounts", 0, store, status, loops, repairer))

"""The devices of one process: opened, made into nodes, closed.

A device that cannot be opened (unmounted, damaged, owned by another process) is
left out and said in the log: its callers are told 507 and use handoffs, and the
other devices serve.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from objectstore.account.node import LocalAccountNode
from objectstore.account.store import AccountStore
from objectstore.app.directory import NodeTable
from objectstore.app.row_sender import RowSender
from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.container.updater import REST_SECONDS as REPORT_REST_SECONDS
from objectstore.container.updater import ContainerUpdater
from objectstore.database.loops import database_loops
from objectstore.kernel.clock import Clock
from objectstore.kernel.device import Device
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Loop
from objectstore.kernel.timestamps import HybridClock
from objectstore.object.maintenance import maintenance_loops
from objectstore.object.node import LocalObjectNode
from objectstore.object.options import StoreOptions
from objectstore.object.store import ObjectStore
from objectstore.object.updater import REST_SECONDS as PAY_REST_SECONDS
from objectstore.object.updater import ObjectUpdater
from objectstore.settings import Role, StoreSettings

_log = logging.getLogger("objectstore.devices")
_ROOMS = {
    Role.ACCOUNT: "accounts",
    Role.CONTAINER: "containers",
    Role.OBJECT: "objects",
}


class LocalDevices:
    """This process' devices, open.  ``nodes`` answers for them; ``loops`` look
    after them and are started by whoever opened this."""

    def __init__(
        self,
        settings: StoreSettings,
        disk: Disk,
        clock: Clock,
        timestamps: HybridClock,
        sender: RowSender,
    ) -> None:
        self.nodes = NodeTable()
        self.loops: list[Loop] = []
        self._settings = settings
        self._disk = disk
        self._clock = clock
        self._timestamps = timestamps
        self._sender = sender
        self._open = ExitStack()

    def open(self, names: Iterable[str]) -> None:
        """Open each; those that fail are logged and left out."""
        for name in names:
            try:
                with ExitStack() as opening:
                    self._open_device(name, opening)
                    self._open.push(opening.pop_all())
            except RingstackError as error:
                _log.error("device %s is not served: %s", name, error)

    def close(self) -> None:
        """Stop the loops, bring everything to rest, release the devices."""
        for loop in self.loops:
            loop.stop()
        self._open.close()

    def _open_device(self, name: str, opening: ExitStack) -> None:
        server = self._settings.server
        path = server.devices / name
        device = Device.open(
            self._disk,
            str(path),
            mount_check=server.mount_check,
            rooms=[room for role, room in _ROOMS.items() if role in server.roles],
        )
        opening.callback(device.close)
        # Nodes and loops are noted only when the whole device is open.
        nodes, loops = NodeTable(), []
        if Role.OBJECT in server.roles:
            loops += self._open_objects(name, device, opening, nodes)
        if Role.CONTAINER in server.roles:
            loops += self._open_containers(name, device, opening, nodes)
        if Role.ACCOUNT in server.roles:
            loops += self._open_accounts(name, device, opening, nodes)
        self.nodes.objects.update(nodes.objects)
        self.nodes.containers.update(nodes.containers)
        self.nodes.accounts.update(nodes.accounts)
        self.loops += loops

    def _open_objects(
        self, name: str, device: Device, opening: ExitStack, nodes: NodeTable
    ) -> list[Loop]:
        server = self._settings.server
        options = StoreOptions(
            reclaim_seconds=int(server.reclaim_age), reserve_bytes=server.reserve
        )
        loops = []
        for policy in self._settings.policies:
            store = ObjectStore.open(device, policy.index, self._clock, options)
            opening.callback(store.close)
            nodes.objects[policy.index, name] = LocalObjectNode(store)
            updater = ObjectUpdater(store, self._clock, self._sender.object_row)
            loops.append(Loop(updater, idle_seconds=PAY_REST_SECONDS))
            loops += maintenance_loops(store)
        return loops

    def _open_containers(
        self, name: str, device: Device, opening: ExitStack, nodes: NodeTable
    ) -> list[Loop]:
        store = ContainerStore.open(device, self._timestamps)
        opening.callback(store.close)
        nodes.containers[name] = LocalContainerNode(store)
        updater = ContainerUpdater(store, self._sender.container_row)
        return [
            Loop(updater, idle_seconds=REPORT_REST_SECONDS),
            *database_loops(
                store.databases,
                self._clock,
                reclaim_age_seconds=self._settings.server.reclaim_age,
                may_remove=store.is_reported,
            ),
        ]

    def _open_accounts(
        self, name: str, device: Device, opening: ExitStack, nodes: NodeTable
    ) -> list[Loop]:
        store = AccountStore.open(device)
        opening.callback(store.close)
        nodes.accounts[name] = LocalAccountNode(store)
        return database_loops(
            store.databases,
            self._clock,
            reclaim_age_seconds=self._settings.server.reclaim_age,
        )


def own_share(names: Iterable[str], worker: int, workers: int) -> list[str]:
    """The devices that a worker owns: every ``workers``-th of the sorted names."""
    return sorted(names)[worker::workers]


def worker_socket(run: Path, worker: int) -> Path:
    """Where a worker answers its siblings."""
    return run / f"worker-{worker}.sock"

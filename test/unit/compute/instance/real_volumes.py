"""The volume room in process, its bytes in memory, as servers' tests need it.

What is ordered is done before the answer is given, unless ``is_slow``: then when the
test says so (``finish``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.core.rooms.room import RoomParts
from compute.core.rooms.service_account import ServiceAccount
from compute.volume.backups.ring import BackupObjects
from compute.volume.client import NewVolume, VolumeClient
from compute.volume.drivers.memory import MemoryDriver
from compute.volume.jobs.upkeep import Upkeep
from compute.volume.jobs.worker import VolumeWorker
from compute.volume.model import AVAILABLE
from compute.volume.parts import queue_of
from compute.volume.records import Attachment, Snapshot, Volume
from compute.volume.room import room_of, wire
from compute.volume.settings import VolumeSettings
from compute.volume.tables import JOBS
from objectstore.client.caller import Answer, Caller, Content
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel import concurrency
from test.fakes.swift_store import SwiftStore
from test.fakes.tokens import FakeTokens
from test.unit.compute.instance.second_volume_host import SecondVolumeHost

HERE = "volume-host"
SECONDS_MAX = 60.0
UNLIMITED = {
    "quota_volumes": -1,
    "quota_snapshots": -1,
    "quota_gigabytes": -1,
    "quota_backups": -1,
}


class VolumeNeighbour:
    """A caller that leads to the room; what the room has is open to tests."""

    def __init__(self, parts: RoomParts, tokens: FakeTokens, project_id: str) -> None:
        """``project_id``: whose volumes ``add`` makes."""
        self.is_slow = False
        self.driver = MemoryDriver(HERE)
        self._project_id = project_id
        self._database = parts.database
        store = InProcessCaller(SwiftStore().app)
        callers = {**parts.callers, "object-store": store}
        parts = replace(parts, callers=callers, url=HERE, peer=self._peer)
        settings = VolumeSettings(**UNLIMITED)  # type: ignore[arg-type]
        self.wiring = wire(parts, settings, self.driver, HERE)
        self.room = room_of(self.wiring, parts)
        account = ServiceAccount(store, tokens, tokens)
        objects = BackupObjects(account)
        self._worker = VolumeWorker(self.wiring, objects)
        self._more = parts, settings, objects
        self.second: SecondVolumeHost | None = None
        self._caller = InProcessCaller(self.room.application)
        self.client = VolumeClient(self, tokens)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        **more: Any,
    ) -> Answer:
        """See ``Caller``."""
        answer = self._caller.request(method, path, headers or {}, body, **more)
        if method != "GET" and not self.is_slow:
            self._work()
        return answer

    def _peer(self, url: str) -> Caller:
        assert self.second is not None
        return self._caller if url == HERE else self.second.caller

    def second_host(self) -> SecondVolumeHost:
        """From now on there is one."""
        if self.second is None:
            self.second = SecondVolumeHost(*self._more)
        Upkeep(self.wiring, HERE).step()
        self.second.tell()
        return self.second

    def finish(self) -> None:
        """What was ordered is done, and from now on at once."""
        self.is_slow = False
        self._work()

    def _work(self) -> None:
        with concurrency.deadline(SECONDS_MAX):
            while self._has_jobs():
                self._worker.step()
                concurrency.sleep(0)
                if not self._worker.is_busy() and self._has_jobs():
                    self.wiring.clock.advance(1.0)  # type: ignore[attr-defined]

    def _has_jobs(self) -> bool:
        query = JOBS.select().where(
            JOBS.c.state.in_(("pending", "running")), JOBS.c.queue == queue_of(HERE)
        )
        return self._database.read(
            lambda connection: connection.execute(query).first() is not None
        )

    # ---- what there is ---------------------------------------------------------

    def add(
        self, size: int = 1, *, bootable: bool = False, shared: bool = False
    ) -> str:
        """A volume that is there; its id."""
        order = NewVolume(size, project_id=self._project_id, user_id="u1")
        volume_id = self.client.create(order).id
        self._work()
        if bootable or shared:
            self.change(volume_id, bootable=bootable, multiattach=shared)
        return volume_id

    def change(self, volume_id: str, **values: Any) -> None:
        """Let it be so, as if somebody had brought it about."""
        rows = self.wiring.stores.volumes

        def write(connection: Any) -> None:
            found = rows.get(connection, volume_id)
            assert found is not None
            rows.change(connection, found, **values)

        self._database.run(write)

    def detach_all(self) -> None:
        """As if somebody had taken every attachment away."""
        for attachment in self.attachments.values():
            self.client.delete_attachment(attachment.id)

    def status(self, volume_id: str) -> str:
        return self.volumes[volume_id].status

    def is_free(self, volume_id: str) -> bool:
        """Whether nobody has it, nor a way to its bytes."""
        exported = {each for each, _ in self.driver.exported()}
        return self.status(volume_id) == AVAILABLE and volume_id not in exported

    @property
    def volumes(self) -> dict[str, Volume]:
        rows = self.wiring.stores.volumes
        return {each.id: each for each in self._database.read(rows.all)}

    @property
    def snapshots(self) -> dict[str, Snapshot]:
        rows = self.wiring.stores.snapshots
        return {each.id: each for each in self._database.read(rows.all)}

    @property
    def attachments(self) -> dict[str, Attachment]:
        rows = self.wiring.stores.attachments
        return {each.id: each for each in self._database.read(rows.all)}

    def left(self, servers: set[str]) -> list[str]:
        """Attachments of servers that are not among these, and ways to the bytes that
        no attachment has."""
        found = self.attachments
        left = [
            f"attachment {key} of {each.instance_id}"
            for key, each in found.items()
            if each.instance_id not in servers
        ]
        drivers = [self.driver, *([self.second.driver] if self.second else [])]
        ways = [
            each
            for driver in drivers
            for _, each in driver.exported()
            if each not in found
        ]
        return left + [f"export for {each}" for each in ways]

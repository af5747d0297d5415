"""Another volume host beside the neighbour's own, its bytes in memory too."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from compute.core.rooms.room import RoomParts
from compute.volume.backups.ring import BackupObjects
from compute.volume.drivers.memory import MemoryDriver
from compute.volume.jobs.upkeep import Upkeep
from compute.volume.jobs.worker import VolumeWorker
from compute.volume.parts import queue_of
from compute.volume.room import room_of, wire
from compute.volume.settings import VolumeSettings
from compute.volume.tables import JOBS
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel import concurrency

NAME = "volume-other"
POOL = f"{NAME}@files#files"
SECONDS_MAX = 60.0


class SecondVolumeHost:
    """``step`` does what it can do now."""

    def __init__(
        self, parts: RoomParts, settings: VolumeSettings, objects: BackupObjects
    ) -> None:
        self.driver = MemoryDriver(NAME)
        parts = replace(parts, random=Random(NAME), url=NAME)
        self.wiring = wire(parts, settings, self.driver, NAME)
        self.caller = InProcessCaller(room_of(self.wiring, parts).application)
        self.objects, self.clock = objects, parts.clock
        self.database = parts.database
        self.rests = False
        self._worker = VolumeWorker(self.wiring, objects)

    def tell(self) -> None:
        """That it is there, and what it exports."""
        Upkeep(self.wiring, NAME).step()

    def step(self) -> None:
        """One try of each job that is due."""
        with concurrency.deadline(SECONDS_MAX):
            self._worker.step()
            while self._worker.is_busy():
                concurrency.sleep(0)

    def has_jobs(self) -> bool:
        query = JOBS.select().where(
            JOBS.c.state.in_(("pending", "running")), JOBS.c.queue == queue_of(NAME)
        )
        return self.wiring.database.read(
            lambda connection: connection.execute(query).first() is not None
        )

    def finish(self, clock: Any) -> None:
        """Look again at what guests' hosts had to do."""
        for _ in range(10):
            if self.rests or not self.has_jobs():
                return
            clock.advance(2.0)
            self.step()

"""A volume room beside an image room, over real databases and a real proxy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.core.bus import InProcessBus
from compute.core.rooms.absent import AbsentService
from compute.core.rooms.room import RoomParts
from compute.core.rooms.service_account import ServiceAccount
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.volume.backups.ring import BackupObjects
from compute.volume.client import VolumeClient
from compute.volume.drivers.memory import MemoryDriver
from compute.volume.drivers.port import VOLUME
from compute.volume.jobs.upkeep import Upkeep
from compute.volume.jobs.worker import VolumeWorker
from compute.volume.parts import Parts, queue_of
from compute.volume.room import room_of, wire
from compute.volume.settings import VolumeSettings
from objectstore.client.caller import Caller
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel import concurrency
from test.fakes.tokens import FakeTokens, fake_token
from test.unit.compute.got import Got as AnyGot
from test.unit.compute.image.house import House as ImageHouse
from test.unit.compute.secret.house import House as SecretHouse

OWNER, OTHER = "a" * 32, "b" * 32
GIB = 2**30
SECONDS_MAX = 60.0
HERE = "here"
NEWEST = "3.71"


class Got(AnyGot):
    """An answer, with what it says of an error."""

    @property
    def message(self) -> str:
        ((_, fault),) = self.json.items()
        return str(fault["message"])


@dataclass
class Other:
    """Another volume host: its files, and its process of now."""

    driver: Any
    settings: VolumeSettings
    is_away: bool = False
    wiring: Parts = field(init=False)
    worker: VolumeWorker = field(init=False)
    caller: Caller = field(init=False)


class House:
    """``ask`` sends a request; jobs are done when told to (``work``)."""

    def __init__(
        self,
        directory: Path,
        database: Database | None = None,
        driver: Any = None,
        **settings: Any,
    ) -> None:
        self.image_house = ImageHouse(directory, database)
        secrets = directory / "secret"
        secrets.mkdir(exist_ok=True)
        self.secret_house = SecretHouse(secrets)
        self.clock = self.image_house.clock
        self.database = self.image_house.database
        upgrade(self.database, ["volume"])
        self.tokens = FakeTokens()
        settings.setdefault("backup_piece", 2**20)
        self.settings = VolumeSettings(**settings)
        self.driver = driver or MemoryDriver(HERE)
        self.others: dict[str, Other] = {}
        self.seed = 0
        self.policy: dict[str, str] = {}  # rules that differ; from the next start on
        self.start()

    def start(self) -> None:
        """The room, as a new process makes it."""
        self.seed += 1
        callers = {
            "image": self.image_house.caller,
            "object-store": self.image_house.store_caller,
            "key-manager": self.secret_house.caller,
        }
        self.parts = RoomParts(
            database=self.database,
            bus=InProcessBus(),
            clock=self.clock,
            random=Random(1000 + self.seed),
            tokens=self.tokens,
            service=self.tokens,
            callers=callers,
            state_directory=self.image_house.directory,
            policy_overrides=self.policy,
            url=HERE,
            peer=self._peer,
        )
        self.wiring = wire(self.parts, self.settings, self.driver, HERE)
        self.room = room_of(self.wiring, self.parts)
        account = ServiceAccount(callers["object-store"], self.tokens, self.tokens)
        self.objects = BackupObjects(account)
        self.worker = VolumeWorker(self.wiring, self.objects)
        self.caller = InProcessCaller(self.room.application)
        self.client = VolumeClient(self.caller, self.tokens)
        for name in list(self.others):
            self._start_other(name)

    # ---- other volume hosts ----------------------------------------------------

    def add_host(self, name: str, driver: Any = None, **settings: Any) -> Other:
        """One more, over the same database; all have told of themselves then."""
        made = replace(self.settings, **settings)
        self.others[name] = Other(driver or MemoryDriver(name), made)
        found = self._start_other(name)
        self.upkeep()
        return found

    def _start_other(self, name: str) -> Other:
        other = self.others[name]
        parts = replace(self.parts, random=Random(f"{name} {self.seed}"), url=name)
        other.wiring = wire(parts, other.settings, other.driver, name)
        other.caller = InProcessCaller(room_of(other.wiring, parts).application)
        other.worker = VolumeWorker(other.wiring, self.objects)
        return other

    def _peer(self, url: str) -> Caller:
        if url == HERE:
            return self.caller
        other = self.others[url]
        return AbsentService("volume") if other.is_away else other.caller

    # ---- requests --------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        project: str = OWNER,
        roles: str = "member",
        version: str = NEWEST,
    ) -> Got:
        sent = {
            "X-Auth-Token": fake_token(project, roles),
            "OpenStack-API-Version": f"volume {version}",
        }
        content = b""
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = orjson.dumps(body)
        if not path.startswith(("/v3", "/internal")) and path != "/":
            path = f"/v3/{project}{path}"
        answer = self.caller.request(method, path, sent, content)
        return Got(answer.status, answer.headers, answer.read())

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        got = self.ask(method, path, body, **more)
        assert 200 <= got.status < 300, (method, path, got)
        return got.json if got.body else None

    def act(self, volume_id: str, name: str, value: Any = None, **more: Any) -> Got:
        return self.ask("POST", f"/volumes/{volume_id}/action", {name: value}, **more)

    def order(self, **fields: Any) -> str:
        """A volume that is being created; its id."""
        more = {key: fields.pop(key) for key in ("project", "roles") if key in fields}
        body = {"volume": {"size": 1, **fields}}
        return str(self.ok("POST", "/volumes", body, **more)["volume"]["id"])

    def create(self, **fields: Any) -> str:
        """A volume; its id."""
        volume_id = self.order(**fields)
        self.work()
        assert self.status(volume_id) == "available", self.volume(volume_id)
        return volume_id

    def snapshot(self, volume_id: str, **fields: Any) -> str:
        body = {"snapshot": {"volume_id": volume_id, **fields}}
        found = self.ok("POST", "/snapshots", body)["snapshot"]
        self.work()
        return str(found["id"])

    def backup(self, volume_id: str, **fields: Any) -> str:
        body = {"backup": {"volume_id": volume_id, **fields}}
        found = self.ok("POST", "/backups", body)["backup"]
        self.work()
        return str(found["id"])

    def volume(self, volume_id: str) -> Any:
        return self.ok("GET", f"/volumes/{volume_id}", roles="admin")["volume"]

    def status(self, volume_id: str) -> str:
        got = self.ask("GET", f"/volumes/{volume_id}", roles="admin")
        return "" if got.status == 404 else str(got.json["volume"]["status"])

    def show(self, kind: str, key: str) -> Any:
        got = self.ask("GET", f"/{kind}s/{key}", roles="admin")
        return None if got.status == 404 else got.json[kind]

    # ---- jobs ------------------------------------------------------------------

    def work(self) -> None:
        """Do all jobs."""
        with concurrency.deadline(SECONDS_MAX):
            while True:
                workers = [self.worker, *(each.worker for each in self._up())]
                for each in workers:
                    each.step()
                if not any(each.is_busy() for each in workers):
                    if not self.has_jobs():
                        return
                    self.clock.advance(31.0)
                concurrency.sleep(0)

    def has_jobs(self) -> bool:
        from compute.volume.tables import JOBS

        queues = [queue_of(each.wiring.host) for each in (self, *self._up())]
        query = JOBS.select().where(
            JOBS.c.state.in_(("pending", "running")), JOBS.c.queue.in_(queues)
        )
        return self.database.read(
            lambda connection: connection.execute(query).first() is not None
        )

    def upkeep(self) -> None:
        Upkeep(self.wiring, HERE).step()
        for name, other in self.others.items():
            if not other.is_away:
                Upkeep(other.wiring, name).step()

    def _up(self) -> list[Other]:
        return [each for each in self.others.values() if not each.is_away]

    # ---- bytes -----------------------------------------------------------------

    def write(self, volume_id: str, offset: int, data: bytes) -> None:
        self.driver.write(VOLUME + volume_id, offset, data)

    def read(self, volume_id: str, offset: int, length: int) -> bytes:
        return bytes(self.driver.read(VOLUME + volume_id, offset, length))

    def stored(self) -> list[str]:
        """Names of all objects of backups."""
        return [name for _, name in self.objects.stored()]

    def leftovers(self) -> list[str]:
        """What there is of things that are not there."""
        found = self.ok("GET", "/internal/leftovers", roles="service")["leftovers"]
        return [f"{each['kind']} {each['id']}" for each in found]

    def close(self) -> None:
        self.secret_house.close()
        self.image_house.close()


Make = Callable[..., House]

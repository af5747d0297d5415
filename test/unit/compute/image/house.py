"""An image room over a real database and a real proxy with nodes in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.core.bus import InProcessBus
from compute.core.rooms.room import Room, RoomParts
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.image.client import ImageClient
from compute.image.room import build_room
from compute.image.settings import ImageSettings
from objectstore.client.caller import Content
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel import concurrency
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock
from test.fakes.swift_store import SwiftStore
from test.fakes.tokens import SERVICE_PROJECT, FakeTokens, fake_token
from test.unit.compute.got import Got as AnyGot

OWNER, OTHER = "a" * 32, "b" * 32
OCTETS = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
SECONDS_MAX = 20.0


class Got(AnyGot):
    """An answer, with what it says of an error."""

    @property
    def message(self) -> str:
        return str(self.json["message"])


class House:
    """``ask`` sends a request; loops run when told to."""

    def __init__(
        self,
        directory: Path,
        database: Database | None = None,
        tokens: FakeTokens | None = None,
        **settings: Any,
    ) -> None:
        self.directory = directory
        self.clock = SteppedClock()
        self.swift = SwiftStore()
        self.database = database or hasty_database(directory)
        upgrade(self.database, ["image"])
        settings.setdefault("segment_bytes", 2**20)
        self.settings = ImageSettings(file_directory=directory / "files", **settings)
        self.tokens = tokens or FakeTokens()
        self.store_caller: Any = InProcessCaller(self.swift.app)
        self.room = self.start()

    def start(self, seed: int = 1) -> Room:
        """The room, as a new process makes it."""
        parts = RoomParts(
            database=self.database,
            bus=InProcessBus(),
            clock=self.clock,
            random=Random(seed),
            tokens=self.tokens,
            service=self.tokens,
            callers={"object-store": self.store_caller},
            state_directory=self.directory,
            region="here",
        )
        self.room = build_room(parts, self.settings)
        self.caller = InProcessCaller(self.room.application)
        self.client = ImageClient(self.caller, self.tokens)
        return self.room

    def ask(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        project: str = OWNER,
        roles: str = "member",
        headers: Mapping[str, str] | None = None,
    ) -> Got:
        """A request; a body that is no bytes (or iterator) is sent as JSON."""
        sent = {"X-Auth-Token": fake_token(project, roles), **(headers or {})}
        content: Content = body
        if isinstance(body, dict | list):
            sent.setdefault("Content-Type", "application/json")
            content = orjson.dumps(body)
        answer = self.caller.request(method, path, sent, content)
        return Got(answer.status, answer.headers, answer.read())

    def ok(self, method: str, path: str, body: Any = b"", **more: Any) -> Got:
        got = self.ask(method, path, body, **more)
        assert 200 <= got.status < 300, (method, path, got)
        return got

    def create(self, **fields: Any) -> str:
        """A queued raw image of OWNER's; its id."""
        more = {key: fields.pop(key) for key in ("project", "roles") if key in fields}
        document = {"disk_format": "raw", "container_format": "bare", **fields}
        return str(self.ok("POST", "/v2/images", document, **more).json["id"])

    def upload(self, image_id: str, content: Content, **more: Any) -> Got:
        path = f"/v2/images/{image_id}/file"
        return self.ask("PUT", path, content, headers=OCTETS, **more)

    def active(self, content: bytes = b"bytes", **fields: Any) -> str:
        """An active image; its id."""
        image_id = self.create(**fields)
        assert self.upload(image_id, content).status == 204
        return image_id

    def show(self, image_id: str, **more: Any) -> Any:
        return self.ok("GET", f"/v2/images/{image_id}", **more).json

    def patch(self, image_id: str, *operations: Any, **more: Any) -> Got:
        return self.ask(
            "PATCH", f"/v2/images/{image_id}", [*operations], headers=PATCH, **more
        )

    def step(self, name: str) -> None:
        """One step of a loop."""
        loop = next(loop for loop in self.room.loops if loop.step.name == name)
        loop.once()

    def run_imports(self, image_id: str) -> Any:
        """Run the import worker until the image's newest task has ended; the task."""
        with concurrency.deadline(SECONDS_MAX):
            while True:
                self.step("image-imports")
                tasks = self.ok("GET", f"/v2/images/{image_id}/tasks").json["tasks"]
                if tasks[0]["status"] in ("success", "failure"):
                    return tasks[0]
                if tasks[0]["status"] == "pending":
                    self.clock.advance(30.0)
                concurrency.sleep(0.01)

    def objects(self) -> list[str]:
        """Names of all objects in the hidden account."""
        found = []
        account = f"/v1/AUTH_{SERVICE_PROJECT}"
        got = self.swift.ask("GET", f"{account}?format=json")
        for container in orjson.loads(got.body) if got.status == 200 else []:
            for listed in self.swift.listing(f"{account}/{container['name']}"):
                found.append(f"{container['name']}/{listed['name']}")
        return sorted(found)

    def close(self) -> None:
        self.database.close()


Make = Callable[..., House]

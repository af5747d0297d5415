"""From agent to agent: real edges, a real socket at the other host."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from compute.agent.disks.sim import SimDisks
from compute.agent.drivers.sim import SimHost, SimHypervisor
from compute.agent.host import HostKit
from compute.agent.moves.door import MoveDoor
from compute.agent.moves.streams import StreamDoor, WayStation
from compute.agent.moves.visit import Visit
from compute.core.errors import NotFound
from compute.instance.client import InstanceClient, MoveGrant
from objectstore.client.over_http import HttpCaller
from objectstore.kernel import concurrency
from objectstore.kernel.client import ClientPool, ClientSettings
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.wsgi import Server, listen

T = TypeVar("T")
GUEST, TOKEN = "s-1", "t" * 32
GRANT = MoveGrant("m-1", GUEST, "alpha", "beta")
MUCH = b"0123456789abcdef" * 100_000


class OneMove(InstanceClient):
    """A control plane that knows of one move."""

    def __init__(self) -> None:
        self.is_open = True

    def admit(self, token: str) -> MoveGrant:
        if token != TOKEN or not self.is_open:
            raise NotFound("The token opens nothing")
        return GRANT


class Echo:
    """Something on the other host that says everything again, and then ends."""

    def __init__(self, path: Path) -> None:
        self.listener: Any = concurrency.green(socket.socket(socket.AF_UNIX))
        self.listener.bind(str(path))
        self.listener.listen(5)
        self.task = concurrency.spawn(self.run)

    def run(self) -> None:
        while True:
            peer, _ = self.listener.accept()
            concurrency.spawn(self.serve, peer)

    def serve(self, peer: Any) -> None:
        with contextlib.suppress(OSError):
            while data := peer.recv(65536):
                peer.sendall(data)
        peer.close()


class Scene:
    def __init__(self, directory: Path) -> None:
        self.instances = OneMove()
        self.disks = SimDisks()
        self.disks.prepare_root(GUEST, "image", 1)
        kit = HostKit("alpha", SimHypervisor(SimHost("alpha")), self.disks)
        self.echo = Echo(directory / "memory.sock")
        doors = StreamDoor(
            lambda uuid, name: str(directory / f"{name}.sock") if uuid == GUEST else ""
        )
        listener = listen("127.0.0.1")
        port = listener.getsockname()[1]
        self.server = Server(
            MoveDoor({"alpha": kit}, self.instances, doors), [listener]
        )
        self.server.start()
        self.url = f"http://127.0.0.1:{port}"
        self.pool = ClientPool(ClientSettings(), SystemClock())
        self.directory = directory

    def visit(self, token: str = TOKEN, host: str = "alpha") -> Visit:
        return Visit(HttpCaller(self.url, self.pool), self.url, host, token)

    def close(self) -> None:
        self.pool.close()
        self.server.close()
        concurrency.kill_task(self.echo.task)
        self.echo.listener.close()


def off_hub(function: Callable[..., T], *arguments: Any) -> T:
    return concurrency.offload(lambda: function(*arguments))


@pytest.fixture
def scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        scene = Scene(Path(directory))
        yield scene
        scene.close()


def test_files_and_shape(scene: Scene) -> None:
    (packed,) = scene.disks.pack(GUEST, GRANT.migration)
    content = b"".join(scene.visit().file(packed.name))
    assert len(content) == packed.size_bytes
    assert hashlib.sha256(content).hexdigest() == packed.sha256
    assert scene.visit().shape().disks[0].size_bytes == 1 << 30


def test_only_the_token_of_the_move_opens_the_door(scene: Scene) -> None:
    for visit in (scene.visit("wrong"), scene.visit("x" * 1000), scene.visit("")):
        with pytest.raises((Rejected, Unavailable)):
            visit.shape()
    with pytest.raises(Rejected):
        scene.visit(host="gamma").shape()
    scene.instances.is_open = False  # the move has ended
    with pytest.raises(Rejected):
        scene.visit().shape()
    with pytest.raises(Unavailable):
        scene.visit().stream("memory")


def test_a_stream_there_and_back(scene: Scene) -> None:
    path = str(scene.directory / "station.sock")
    station = WayStation(path, lambda: scene.visit().stream("memory"))

    def talk() -> bytes:
        """As QEMU would: sends all, says that this was all, reads to the end."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            sock.connect(path)
            received = bytearray()
            for start in range(0, len(MUCH), 50_000):
                sock.sendall(MUCH[start : start + 50_000])
                received += sock.recv(50_000)
            sock.shutdown(socket.SHUT_WR)
            while data := sock.recv(65536):
                received += data
            return bytes(received)

    assert off_hub(talk) == MUCH
    assert off_hub(talk) == MUCH  # and another one
    station.close()
    assert not Path(path).exists()


def test_a_socket_that_is_not_there(scene: Scene) -> None:
    for name in ("disks", "nothing"):
        with pytest.raises(Unavailable):
            scene.visit().stream(name)

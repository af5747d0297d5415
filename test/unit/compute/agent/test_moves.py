"""From agent to agent: real edges, a real socket at the other host."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from compute.agent.disks.sim import SimDisks
from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.host import HostKit
from compute.agent.moves.door import MoveDoor
from compute.agent.moves.streams import StreamDoor, WayStation
from compute.agent.moves.visit import Visit
from compute.core.errors import NotFound
from compute.instance.client import InstanceClient, MoveGrant
from objectstore.client.over_http import HttpCaller, connection_to
from objectstore.kernel import concurrency
from objectstore.kernel.client import ClientPool, ClientSettings
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.wsgi import Server, listen
from test.servers.certificates import make_certificates
from test.servers.tls_front import TlsFront

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
    """``is_encrypted``: something speaks TLS before the door."""

    def __init__(self, directory: Path, *, is_encrypted: bool) -> None:
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
        self.front, authority = None, None
        if is_encrypted:
            certificates = make_certificates(directory, "127.0.0.1")
            authority = certificates.authority
            self.front = TlsFront(certificates.server, port)
            self.url = f"https://127.0.0.1:{self.front.port}"
        self.pool = ClientPool(ClientSettings(ca_file=authority), SystemClock())
        self.directory = directory

    def visit(self, token: str = TOKEN, host: str = "alpha") -> Visit:
        connect = partial(connection_to, self.pool)
        return Visit(HttpCaller(self.url, self.pool), connect, self.url, host, token)

    def close(self) -> None:
        self.pool.close()
        if self.front is not None:
            self.front.close()
        self.server.close()
        concurrency.kill_task(self.echo.task)
        self.echo.listener.close()


def off_hub(function: Callable[..., T], *arguments: Any) -> T:
    return concurrency.offload(lambda: function(*arguments))


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        scene = Scene(Path(directory), is_encrypted=request.param)
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
        """As QEMU would: sends, reads, says that this was all, waits for the end."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            sock.connect(path)
            received = bytearray()
            for start in range(0, len(MUCH), 50_000):
                sock.sendall(MUCH[start : start + 50_000])
                received += sock.recv(50_000)
            if scene.front is None:  # TLS has no end of one direction alone
                sock.shutdown(socket.SHUT_WR)
            while len(received) < len(MUCH):
                received += sock.recv(65536)
            if scene.front is not None:
                sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1) == b""
            return bytes(received)

    assert off_hub(talk) == MUCH
    assert off_hub(talk) == MUCH  # and another one
    station.close()
    assert not Path(path).exists()


def test_who_is_not_believed_opens_no_stream(scene: Scene) -> None:
    """Another authority has signed, or nobody speaks TLS there."""
    url = scene.url.replace("http://", "https://")
    with contextlib.closing(ClientPool(ClientSettings(), SystemClock())) as pool:
        connect = partial(connection_to, pool)
        visit = Visit(HttpCaller(url, pool), connect, url, "alpha", TOKEN)
        with pytest.raises(Unavailable):
            visit.stream("memory")


def test_a_socket_that_is_not_there(scene: Scene) -> None:
    for name in ("disks", "nothing"):
        with pytest.raises(Unavailable):
            scene.visit().stream(name)

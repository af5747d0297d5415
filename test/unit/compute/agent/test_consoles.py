"""The console proxy: a real edge, a real WebSocket client, a guest that echoes."""

from __future__ import annotations

import http.client
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import websocket

from compute.agent.consoles.model import ConsoleEndpoint, ConsoleKind
from compute.agent.consoles.pages import Pages
from compute.agent.consoles.proxy import ConsoleProxy
from objectstore.kernel import concurrency
from objectstore.kernel.wsgi import Server, listen
from test.fakes.console_tokens import MemoryTokens
from test.fakes.stepped_clock import SteppedClock

T = TypeVar("T")
PATIENCE_SECONDS = 10


class EchoGuest:
    """A console on a unix socket that says everything again, loudly."""

    def __init__(self, path: Path) -> None:
        self.listener: Any = concurrency.green(socket.socket(socket.AF_UNIX))
        self.listener.bind(str(path))
        self.listener.listen(5)
        self.ended = concurrency.Event()
        self.task = concurrency.spawn(self.run)

    def run(self) -> None:
        while True:
            console, _ = self.listener.accept()
            console.sendall(b"RFB 003.008\n")
            while data := console.recv(4096):
                if data == b"quit":
                    break
                console.sendall(data.upper())
            console.close()
            self.ended.set()


class Scene:
    def __init__(self, directory: Path) -> None:
        self.clock = SteppedClock()
        self.tokens = MemoryTokens(self.clock)
        pages = directory / "novnc"
        (pages / "core").mkdir(parents=True)
        (pages / "vnc_lite.html").write_text("<page>")
        (pages / "core" / "rfb.js").write_text("code")
        (directory / "secret.html").write_text("secret")
        (pages / "link.html").symlink_to(directory / "secret.html")
        self.guest = EchoGuest(directory / "vnc.sock")
        self.endpoint = ConsoleEndpoint(
            "s-1", ConsoleKind.NOVNC, directory / "vnc.sock"
        )
        listener = listen("127.0.0.1")
        self.port = listener.getsockname()[1]
        proxy = ConsoleProxy(self.tokens, Pages(str(pages)))
        self.server = Server(proxy, [listener])
        self.server.start()

    def connect(self, token: str, **options: Any) -> websocket.WebSocket:
        return off_hub(
            websocket.create_connection,
            f"ws://127.0.0.1:{self.port}/websockify?token={token}",
            PATIENCE_SECONDS,
            **options,
        )

    def get(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        def ask() -> tuple[int, bytes, dict[str, str]]:
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())

        return concurrency.offload(ask)

    def close(self) -> None:
        self.server.close()
        concurrency.kill_task(self.guest.task)
        self.guest.listener.close()


def off_hub(function: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """The client blocks: on a native thread, so that the server may run."""
    return concurrency.offload(lambda: function(*arguments, **options))


@pytest.fixture
def scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        scene = Scene(Path(directory))
        yield scene
        scene.close()


def test_a_console_by_its_token(scene: Scene) -> None:
    client = scene.connect(scene.tokens.issue(scene.endpoint), subprotocols=["binary"])
    assert client.getsubprotocol() == "binary"
    assert off_hub(client.recv) == b"RFB 003.008\n"
    off_hub(client.send_binary, b"hello")
    assert off_hub(client.recv) == b"HELLO"
    off_hub(client.send, "as text")
    assert off_hub(client.recv) == b"AS TEXT"
    off_hub(client.ping, "are you there")
    opcode, data = off_hub(client.recv_data, control_frame=True)
    assert (opcode, data) == (websocket.ABNF.OPCODE_PONG, b"are you there")
    off_hub(client.close)
    assert scene.guest.ended.wait(PATIENCE_SECONDS)


def test_much_data_in_both_directions(scene: Scene) -> None:
    client = scene.connect(scene.tokens.issue(scene.endpoint))
    assert off_hub(client.recv) == b"RFB 003.008\n"
    sent = b"abcdefgh" * 40_000
    off_hub(client.send_binary, sent)
    received = b""
    while len(received) < len(sent):
        received += off_hub(client.recv)
    assert received == sent.upper()
    off_hub(client.close)


def test_the_guest_s_end_is_the_console_s(scene: Scene) -> None:
    client = scene.connect(scene.tokens.issue(scene.endpoint))
    off_hub(client.recv)
    off_hub(client.send_binary, b"quit")
    opcode, data = off_hub(client.recv_data)
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(data[:2], "big") == 1000
    off_hub(client.close)


def test_a_token_opens_nothing_when_unknown_expired_or_revoked(scene: Scene) -> None:
    expired = scene.tokens.issue(scene.endpoint)
    scene.clock.advance(601)
    revoked = scene.tokens.issue(scene.endpoint)
    scene.tokens.revoke(revoked)
    for token in ("", "nonsense", expired, revoked):
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            scene.connect(token)
        assert caught.value.status_code == 401
        # Who reads on, for frames, finds the end of the connection.
        assert not caught.value.resp_body


def test_other_sites_pages_open_nothing(scene: Scene) -> None:
    token = scene.tokens.issue(scene.endpoint)
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        scene.connect(token, origin="http://evil.example")
    assert caught.value.status_code == 403
    client = scene.connect(token, origin=f"http://127.0.0.1:{scene.port}")
    off_hub(client.close)


def test_a_console_that_is_gone(scene: Scene) -> None:
    gone = ConsoleEndpoint("s-2", ConsoleKind.SERIAL, Path("/tmp/no/such/socket"))
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        scene.connect(scene.tokens.issue(gone))
    assert caught.value.status_code == 404


def test_a_plain_request_is_told_what_is_missing(scene: Scene) -> None:
    status, body, _ = scene.get("/websockify?token=x")
    assert status == 400
    assert b"WebSocket" in body


def test_novnc_s_files(scene: Scene) -> None:
    status, body, headers = scene.get("/")
    assert (status, body) == (200, b"<page>")
    assert headers["Referrer-Policy"] == "no-referrer"
    status, body, headers = scene.get("/core/rfb.js")
    assert (status, body) == (200, b"code")
    assert headers["Content-Type"].startswith("text/javascript")
    for path in ("/../secret.html", "/%2e%2e/secret.html", "/link.html", "/nothing.js"):
        assert scene.get(path)[0] == 404


def test_while_nobody_can_say_what_a_token_opens(scene: Scene) -> None:
    scene.tokens.is_away = True
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        scene.connect("any")
    assert caught.value.status_code == 503

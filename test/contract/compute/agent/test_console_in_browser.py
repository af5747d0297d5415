"""A guest's screen in noVNC in a real browser, and its serial line in a WebSocket.

The guest is QEMU's with nothing to boot: its firmware writes on the screen and, told
that there is no screen, on the serial line.  The address is the one that the API gives.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import websocket

from compute.agent.consoles.model import ConsoleEndpoint, ConsoleKind
from compute.agent.consoles.pages import Pages, novnc_directory
from compute.agent.consoles.proxy import ConsoleProxy
from compute.instance.service.consoles import console_url
from objectstore.kernel import concurrency
from objectstore.kernel.wsgi import Server, listen
from test.fakes.console_tokens import MemoryTokens
from test.fakes.stepped_clock import SteppedClock
from test.functional.harness.browser import Browser, chromium

T = TypeVar("T")
QEMU = shutil.which("qemu-system-x86_64")
PATIENCE_SECONDS = 90.0  # a machine on which others work too
FIRMWARE = b"SeaBIOS"
STATUS = "(document.getElementById('status') || {}).textContent"
# Pixels of the guest's screen that are not black: what the firmware wrote.
LIT = """(() => {
  const canvas = document.querySelector('canvas');
  if (!canvas || !canvas.width) return 0;
  const data = canvas.getContext('2d').getImageData(
    0, 0, canvas.width, canvas.height).data;
  let lit = 0;
  for (let place = 0; place < data.length; place += 4)
    if (data[place] + data[place + 1] + data[place + 2] > 90) lit += 1;
  return lit;
})()"""
LIT_MIN = 200


def off_hub(function: Callable[[], T]) -> T:
    """The client blocks: on a native thread, so that the proxy may run."""
    return concurrency.offload(function)


@dataclass(frozen=True, slots=True)
class Scene:
    clock: SteppedClock
    tokens: MemoryTokens
    directory: Path
    port: int

    def url(self, kind: ConsoleKind, name: str) -> str:
        endpoint = ConsoleEndpoint("s-1", kind, self.directory / name)
        token = self.tokens.issue(endpoint)
        return console_url(f"http://127.0.0.1:{self.port}", kind.value, token)


@pytest.fixture
def scene() -> Iterator[Scene]:
    if QEMU is None:
        pytest.skip("no QEMU on this machine")
    with tempfile.TemporaryDirectory(dir="/tmp") as name, contextlib.ExitStack() as end:
        directory = Path(name)
        command = [QEMU, "-machine", "pc,accel=tcg,graphics=off", "-m", "32"]
        command += ["-nodefaults", "-vga", "std", "-no-user-config", "-net", "none"]
        command += ["-display", f"vnc=unix:{directory}/vnc.sock"]
        command += ["-serial", f"unix:{directory}/serial.sock,server=on,wait=on"]
        guest = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        end.callback(guest.wait)
        end.callback(guest.kill)
        clock = SteppedClock()
        tokens = MemoryTokens(clock)
        listener = listen("127.0.0.1")
        server = Server(ConsoleProxy(tokens, Pages()), [listener])
        server.start()
        end.callback(server.close)
        port = listener.getsockname()[1]
        until = time.monotonic() + PATIENCE_SECONDS
        while not (directory / "serial.sock").exists():
            assert guest.poll() is None and time.monotonic() < until
            concurrency.sleep(0.05)
        yield Scene(clock, tokens, directory, port)


needs_a_browser = pytest.mark.skipif(
    chromium() is None or not os.path.isdir(novnc_directory()),
    reason="no Chromium, or no noVNC",
)


def connect(url: str) -> websocket.WebSocket:
    return websocket.create_connection(url, subprotocols=["binary"], timeout=30)


def read_until(client: websocket.WebSocket, wanted: bytes) -> bytes:
    found = b""
    until = time.monotonic() + PATIENCE_SECONDS
    while wanted not in found and time.monotonic() < until:
        data = client.recv()
        found += data if isinstance(data, bytes) else data.encode()
    return found


def test_the_serial_line(scene: Scene) -> None:
    serial = off_hub(lambda: connect(scene.url(ConsoleKind.SERIAL, "serial.sock")))
    # The guest waited for somebody to listen; now its firmware speaks.
    assert FIRMWARE in off_hub(lambda: read_until(serial, FIRMWARE))
    off_hub(serial.close)


@needs_a_browser
def test_the_screen(scene: Scene) -> None:
    # The guest waits for somebody to listen before its firmware writes.
    serial = off_hub(lambda: connect(scene.url(ConsoleKind.SERIAL, "serial.sock")))
    url = scene.url(ConsoleKind.NOVNC, "vnc.sock")
    browser = off_hub(lambda: Browser(scene.directory, url))
    try:
        connected = f"({STATUS} || '').startsWith('Connected')"
        is_connected = off_hub(lambda: browser.until(connected, PATIENCE_SECONDS))
        assert is_connected, off_hub(lambda: browser.evaluate(STATUS))
        lit = off_hub(lambda: browser.until(f"{LIT} > {LIT_MIN}", PATIENCE_SECONDS))
        assert lit, off_hub(lambda: browser.evaluate(LIT))
        assert off_hub(browser.screenshot).startswith(b"\x89PNG")
    finally:
        off_hub(browser.close)
        off_hub(serial.close)


def test_a_token_that_has_expired_opens_no_serial_line(scene: Scene) -> None:
    serial = scene.url(ConsoleKind.SERIAL, "serial.sock")
    scene.clock.advance(24 * 3600)
    with pytest.raises(websocket.WebSocketBadStatusException, match="401"):
        off_hub(lambda: connect(serial))


@needs_a_browser
def test_a_token_that_has_expired_opens_no_screen(scene: Scene) -> None:
    page = scene.url(ConsoleKind.NOVNC, "vnc.sock")
    scene.clock.advance(24 * 3600)
    browser = off_hub(lambda: Browser(scene.directory, page))
    try:
        ended = f"/disconnected|wrong|failed/i.test({STATUS} || '')"
        assert off_hub(lambda: browser.until(ended, PATIENCE_SECONDS))
        assert off_hub(lambda: browser.evaluate(LIT)) == 0
    finally:
        off_hub(browser.close)

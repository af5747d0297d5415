"""A headless Chromium, driven by its DevTools protocol: a page, and what it evaluates.

Everything blocks; call it on a native thread where greenlets serve the page.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import websocket

from test.scratch import scratch_directory

START_SECONDS = 60.0
ANSWER_SECONDS = 30.0
# No GPU, no sandbox (tests run as root), and no traffic of its own.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,600",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


def chromium() -> str | None:
    """The program, where there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page at ``url``.  ``close`` ends the process that it started."""

    def __init__(self, directory: Path, url: str) -> None:
        program = chromium()
        assert program is not None
        profile = directory / "profile"
        self._ends = ExitStack()
        # It leaves directories behind wherever it may; a socket is in one of them, so
        # the path must be short.
        place = self._ends.enter_context(scratch_directory())
        with open(directory / "chromium.log", "wb") as log:
            self._process = subprocess.Popen(
                [program, *FLAGS, f"--user-data-dir={profile}", url],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "TMPDIR": str(place)},
            )
        self._number = 0
        try:
            self._tools = self._connect(profile / "DevToolsActivePort")
        except BaseException:
            self.close()
            raise

    def _connect(self, port_file: Path) -> websocket.WebSocket:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            time.sleep(0.1)
            words = port_file.read_text().split() if port_file.exists() else []
            if not words:
                continue
            listing = f"http://127.0.0.1:{words[0]}/json"
            with urllib.request.urlopen(listing, timeout=ANSWER_SECONDS) as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            if pages:
                return websocket.create_connection(
                    pages[0]["webSocketDebuggerUrl"], timeout=ANSWER_SECONDS
                )
        raise AssertionError("Chromium shows no page")

    def call(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol; its result."""
        self._number += 1
        sent = {"id": self._number, "method": method, "params": parameters}
        self._tools.send(json.dumps(sent))
        while True:
            answer = json.loads(self._tools.recv())
            if answer.get("id") == self._number:
                return answer.get("result", answer)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return found.get("result", {}).get("value")

    def until(self, expression: str, seconds: float) -> Any:
        """Its value as soon as that is true; the last one when time is up."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)) and time.monotonic() < end:
            time.sleep(0.2)
        return value

    def screenshot(self) -> bytes:
        """What one would see, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ends.close()

"""A run of tests that is killed, or stopped by Ctrl-C, leaves no server running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

START_SECONDS_MAX = 90.0
END_SECONDS_MAX = 60.0
POLL_SECONDS = 0.1
HOME = Path(__file__).resolve().parents[2]
MARK = "VICTIMS_READY"


def marked(mark: str) -> dict[int, str]:
    """The processes that have the mark in their environment, as their children do."""
    found = {}
    for directory in Path("/proc").iterdir():
        try:
            environment = (directory / "environ").read_bytes()
            if mark.encode() in environment:
                command = (directory / "cmdline").read_bytes()
                found[int(directory.name)] = command.replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue  # no process, not ours, or gone
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("what", ["cluster", "cloud", "broker", "apart"])
def test_nothing_runs_on(tmp_path: Path, what: str, number: signal.Signals) -> None:
    if what == "apart" and os.geteuid():
        pytest.skip("namespaces need root")
    ready = tmp_path / "ready"
    mark = f"{MARK}={ready}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--basetemp", str(tmp_path / "t"), "test/functional/victims.py"]
    with (tmp_path / "said").open("w") as said:
        run = subprocess.Popen(
            [*command, "-k", f"test_{what}"],
            env={**os.environ, MARK: str(ready)},
            stdout=said,
            stderr=said,
            cwd=HOME,
        )
    try:
        until = time.monotonic() + START_SECONDS_MAX
        while not ready.exists():
            if run.poll() is not None:
                text = (tmp_path / "said").read_text()
                assert "skipped" in text, text
                pytest.skip(text)
            assert time.monotonic() < until, "it does not start"
            time.sleep(POLL_SECONDS)
        # The last one says so before it starts its server.
        while len(marked(mark)) < 2:
            assert time.monotonic() < until, "there is no server"
            time.sleep(POLL_SECONDS)
        run.send_signal(number)
        run.wait(END_SECONDS_MAX)
        until = time.monotonic() + END_SECONDS_MAX
        while left := marked(mark):
            assert time.monotonic() < until, left
            time.sleep(POLL_SECONDS)
    finally:
        run.kill()
        run.wait()

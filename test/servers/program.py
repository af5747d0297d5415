"""One program of somebody else, run in the foreground until the test is done."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from test.scratch import scratch_directory

START_SECONDS = 60.0
STOP_SECONDS = 15.0
PAUSE_SECONDS = 0.1


def need(*programs: str | Path) -> None:
    """Skip the test, saying why, where a program is not installed."""
    for program in programs:
        if shutil.which(str(program)) is None and not Path(program).exists():
            pytest.skip(f"{program} is not installed")


@contextmanager
def directory() -> Iterator[Path]:
    """A directory that servers running as another user can reach."""
    with scratch_directory("ringstack-test-") as path:
        path.chmod(0o755)
        yield path


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    is_up: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    *,
    with_descendants: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, up; it ends with us, whatever happens to us.

    ``with_descendants``: it starts others that would not end with it, so they all have
    a process namespace of their own (where we may make one), and end hard.
    """
    wrapped = ["setpriv", "--pdeathsig", "KILL"]
    if with_descendants and not os.geteuid():
        wrapped += ["unshare", "--propagation", "slave"]
        wrapped += ["--pid", "--fork", "--kill-child", "--mount-proc"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*wrapped, *map(str, command)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            cwd="/",
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not is_up():
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"{command[0]} does not start:\n{tail(log)}")
            time.sleep(PAUSE_SECONDS)
        yield process
    finally:
        if with_descendants:
            process.kill()  # what waits for a namespace's end heeds nothing less
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tail(log: Path) -> str:
    """The end of a log, for a person."""
    return log.read_text("utf-8", "replace")[-2000:]


def listens(port: int) -> bool:
    """Whether somebody takes connections at that port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""Ending processes by their number, and no others."""

from __future__ import annotations

import signal
import subprocess
import sys

from compute.core.ending import end_process

STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print(flush=True); signal.pause()"
)


def program(text: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it is ready
    return process


def test_one_that_heeds_and_one_that_does_not() -> None:
    with program("import signal; print(flush=True); signal.pause()") as process:
        end_process(process.pid, lambda: True, 10.0)
        assert process.wait(10) == -signal.SIGTERM
    with program(STUBBORN) as process:
        end_process(process.pid, lambda: True, 0.1)
        assert process.wait(10) == -signal.SIGKILL


def test_one_that_is_not_meant_and_one_that_is_gone() -> None:
    with program(STUBBORN) as process:
        end_process(process.pid, lambda: False, 0.1)
        assert process.poll() is None
        process.kill()
        process.wait(10)
    end_process(process.pid, lambda: True, 0.1)

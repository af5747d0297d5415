"""What the quickstart becomes: ends the server on Ctrl-C, says when it is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 20
# As the quickstart does: a child in the background, then another program in its place.
BECOME = """
import subprocess, sys
from compute.cli import waiting
log, seconds, code = sys.argv[1:]
child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
print(child.pid, flush=True)
waiting.become(child.pid, log, float(seconds))
"""
POLITE = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(15, signal.SIG_IGN); {POLITE}"


def started(log: Path, code: str, seconds: float = 5) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BECOME, log, str(seconds), code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("code", [POLITE, STUBBORN])
def test_it_ends_its_child(tmp_path: Path, number: int, code: str) -> None:
    process = started(tmp_path / "log", code, 0.2)
    assert process.stdout is not None
    lines = {process.stdout.readline() for _ in range(2)}
    lines.remove("ready\n")  # by now the child ignores what it ignores
    child = int(lines.pop())
    process.send_signal(number)
    _, said = process.communicate(timeout=SECONDS)
    assert (process.returncode, said) == (0, "stopped; the data stays\n")
    assert not Path(f"/proc/{child}").exists()


def test_it_tells_that_its_child_is_gone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("long before\n" * 1000 + "it burns\n")
    process = started(log, "raise SystemExit(3)")
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert said.startswith("quickstart: the server has ended:\n")
    assert said.endswith("it burns\n")
    assert len(said) < 3000

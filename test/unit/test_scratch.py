"""What tests leave behind when they are killed, and who removes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from test.scratch import LEFT_SECONDS, OWNER, remove_left_directories, scratch_directory

HOLD = """
import sys, time
from pathlib import Path
from test.scratch import scratch_directory
with scratch_directory() as path:
    print(path, flush=True)
    time.sleep(60)
"""


def make_old(path: Path) -> None:
    when = time.time() - LEFT_SECONDS - 1
    os.utime(path / OWNER, (when, when))


def test_one_in_use_stays_and_one_of_the_dead_goes(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        assert holder.stdout is not None
        held = Path(holder.stdout.readline().strip())
        make_old(held)
        assert remove_left_directories(tmp_path) == []
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert held.is_dir()
    assert remove_left_directories(tmp_path) == [held.name]
    assert not held.exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "rs-stranger").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / OWNER).touch()
    make_old(tmp_path / "other")
    assert remove_left_directories(tmp_path) == []


def test_it_is_gone_afterwards() -> None:
    with scratch_directory() as path:
        assert (path / OWNER).exists()
    assert not path.exists()

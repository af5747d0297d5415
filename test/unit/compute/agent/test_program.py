from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from compute.core.program import ProgramFailed, ProgramLimits, run_program
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded


def test_what_it_says() -> None:
    assert run_program(["echo", "a b", "$HOME"]) == b"a b $HOME\n"


def test_its_error_is_told() -> None:
    with pytest.raises(ProgramFailed, match="no such thing") as caught:
        run_program(["sh", "-c", "echo no such thing >&2; exit 7"])
    assert caught.value.status == 7


def test_others_run_meanwhile() -> None:
    task = concurrency.promised(run_program, ["sleep", "0.3"])
    turns = 0
    while not task.done:
        concurrency.sleep(0.01)
        turns += 1
    assert turns > 5


def test_limits_hold(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed):
        hungry = ProgramLimits(address_space_bytes=64 << 20)
        run_program(["python3", "-c", "bytearray(1 << 30)"], hungry)
    began = time.monotonic()
    mark = tmp_path / "mark"
    with pytest.raises(DeadlineExceeded):
        run_program(["sh", "-c", f"sleep 60; touch {mark}"], ProgramLimits(seconds=0.2))
    assert time.monotonic() - began < 30
    assert not mark.exists()


def test_its_end_comes_with_its_caller_s(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    script = f"echo $$ > {mark}.new; mv {mark}.new {mark}; exec sleep 60"
    task = concurrency.spawn(run_program, ["sh", "-c", script])
    with concurrency.deadline(5):
        while not mark.exists():
            concurrency.sleep(0.01)
    concurrency.kill_task(task)
    assert not os.path.exists(f"/proc/{mark.read_text().strip()}")

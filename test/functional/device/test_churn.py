"""A store churned by threads on a real disk, killed and started again: what it said is
safe stays, what it said is gone stays gone.

    pytest test/functional/device/test_churn.py
    python -m test.functional.device.test_churn 600        # seconds, of new seeds
    python -m test.functional.device.test_churn 60 12345   # and a seed again

A seed is not the same run again, since threads are not: run it for some minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from random import Random

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.maintenance.verify import verify
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.recovery import remove_index
from objectstore.object.store.store import ObjectStore
from test.functional.device.churner import OPTIONS, Shown, shown

TURNS = 4
# Of a turn, from the first word: killed somewhere in it, or ended in good order.
TURN_SECONDS = 2.5
# Beyond: to start, and to look at everything in the end, on a crowded machine.
PATIENCE_SECONDS = 120.0


class Model:
    """What may be seen of each name, by what the churner said."""

    def __init__(self) -> None:
        self.allowed: dict[str, set[Shown]] = {}
        self._tried: dict[str, set[Shown]] = {}
        self.done = 0

    def hear(self, line: str) -> None:
        """One line of the churner."""
        what, *words = line.split()
        if what == "try":
            kind, name, at = words
            self._try(kind, name, int(at))
        else:
            name = words[0]
            self.allowed[name] = self._tried[name]
            self.done += 1

    def _try(self, kind: str, name: str, at: int) -> None:
        before = self.allowed.get(name, {None})
        after: set[Shown] = {None}
        if kind in ("put", "again"):
            after = {(at, at)}
        elif kind == "post":
            after = {each and (each[0], at) for each in before}
        self._tried[name] = after
        self.allowed[name] = before | after


def churn(directory: Path, seed: str, kill_after: float | None, model: Model) -> None:
    """One life of the churner, told to the model."""
    program = [sys.executable, "-W", "ignore", "-m", "test.functional.device.churner"]
    with (directory.parent / "errors").open("w+") as errors:
        churner = subprocess.Popen(
            [*program, str(directory), seed, str(TURN_SECONDS)],
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert churner.stdout is not None
        killers = [threading.Timer(PATIENCE_SECONDS, churner.kill)]
        if kill_after is not None:
            killers.append(threading.Timer(kill_after, churner.kill))
        killers[0].start()
        began = time.monotonic()
        try:
            for number, line in enumerate(churner.stdout):
                if number == 0:
                    killers[-1].start() if kill_after is not None else None
                if line.endswith(b"\n"):
                    model.hear(line.decode())
        finally:
            for killer in killers:
                killer.cancel()
            churner.kill()
            status = churner.wait()
        errors.seek(0)
        assert time.monotonic() - began < PATIENCE_SECONDS, "it hangs"
        if kill_after is None or status != -9:
            assert status == 0, errors.read()[-5000:]


def check(directory: Path, model: Model, *, rebuild: bool) -> None:
    """Start the store again and look at everything."""
    disk = SystemDisk()
    device = Device.open(disk, str(directory))
    if rebuild:
        remove_index(disk, str(directory / "objects" / "index.db"))
    store = ObjectStore.open(device, 0, SystemClock(), OPTIONS)
    node = LocalObjectNode(store)
    for name, allowed in model.allowed.items():
        found = shown(node, name)
        assert found in allowed, (name, found, allowed)
        model.allowed[name] = {found}
    assert verify(store).problems == []
    store.close()
    device.close()


def run(directory: Path, seed: int, turns: int = TURNS) -> int:
    """So many lives of one store; how many operations were acknowledged."""
    print("seed", seed, flush=True)
    random, model = Random(seed), Model()
    for turn in range(turns):
        is_killed = bool(turn % 2) or random.random() < 0.5
        kill_after = random.uniform(0.2, TURN_SECONDS) if is_killed else None
        churn(directory, f"{seed}-{turn}", kill_after, model)
        check(directory, model, rebuild=random.random() < 0.5)
    return model.done


def test_nothing_is_lost_and_nothing_comes_back(tmp_path: Path) -> None:
    assert run(tmp_path / "sda", int.from_bytes(os.urandom(4), "big")) > 20


def main() -> None:
    """Seed after seed, for so many seconds."""
    seconds, *seeds = map(int, sys.argv[1:])
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        seed = seeds[0] if seeds else int.from_bytes(os.urandom(4), "big")
        with tempfile.TemporaryDirectory() as directory:
            print(run(Path(directory) / "sda", seed), "acknowledged", flush=True)


if __name__ == "__main__":
    main()

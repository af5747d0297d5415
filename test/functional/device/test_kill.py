"""kill -9 a writer under load: what it was told is safe is there afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.maintenance.sweep import Sweep
from objectstore.object.maintenance.verify import verify
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.recovery import remove_index
from objectstore.object.store.store import ObjectStore
from test.functional.device.writer import OPTIONS, body_of, key_of

ROUNDS = 4
LINES_BEFORE_KILL = (50, 3000)


def test_kill_under_load(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    random = Random(seed)
    directory = str(tmp_path / "sda")
    # By name: the newest acknowledged write, and every put ever tried.
    newest: dict[str, tuple[str, int]] = {}
    tried: set[tuple[str, int]] = set()
    for turn in range(ROUNDS):
        lines = run_and_kill(directory, f"{seed}-{turn}", random)
        for line in lines:
            what, name, text = line.split()
            at = int(text)
            if what == "try":
                tried.add((name, at))
            elif at > newest.get(name, ("", 0))[1]:
                newest[name] = (what, at)
        check(directory, newest, tried, rebuild=bool(turn % 2))
    assert len(newest) > 50


def run_and_kill(directory: str, seed: str, random: Random) -> list[str]:
    """Whole lines that the writer wrote before it was killed."""
    wanted = random.randrange(*LINES_BEFORE_KILL)
    program = [sys.executable, "-W", "ignore", "-m", "test.functional.device.writer"]
    writer = subprocess.Popen([*program, directory, seed], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    lines = []
    for line in writer.stdout:
        lines.append(line)
        if len(lines) == wanted:
            writer.kill()
    assert len(lines) >= wanted, "the writer failed by itself"
    writer.wait(30)
    return [line.decode() for line in lines if line.endswith(b"\n")]


def check(
    directory: str,
    newest: dict[str, tuple[str, int]],
    tried: set[tuple[str, int]],
    *,
    rebuild: bool,
) -> None:
    disk = SystemDisk()
    device = Device.open(disk, directory)
    if rebuild:
        remove_index(disk, os.path.join(directory, "objects", "index.db"))
    store = ObjectStore.open(device, 0, SystemClock(), OPTIONS)
    node = LocalObjectNode(store)
    while Sweep(store, margin_seconds=-1).step().value == "busy":
        pass
    for name, (what, at) in newest.items():
        found = node.lookup(key_of(name), want_body=True).wait(10)
        state = found.state
        assert state is not None, (name, what, at)
        assert state.newest >= at, (name, what, at)
        if not state.exists:
            continue
        # Acknowledged or not: what is there is whole, and somebody wrote it.
        assert (name, state.timestamp) in tried
        body = found.body
        if body is None:
            read = node.read(key_of(name), state.timestamp, 0, state.size).wait(10)
            body = b"".join(read)
        assert body == body_of(name, state.timestamp)
    store.close()
    store = ObjectStore.open(device, 0, SystemClock(), OPTIONS)
    assert verify(store).problems == []
    store.close()
    device.close()

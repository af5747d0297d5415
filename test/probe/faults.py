"""What happens to real clusters: each fault, and how it ends.

A fault is a function that takes the probe and returns when the fault is over
and the node serves again; the load goes on meanwhile.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from objectstore.cli.process import answers
from ring.device import Device
from ring.file import load_builder, save_builder, save_ring
from test.functional.harness.store import wait_for

if TYPE_CHECKING:
    from test.probe.probe import Probe

Fault = Callable[["Probe"], None]

AWAY_SECONDS = 3.0
FLIPS = 40
SEGMENT_HEAD_BYTES = 4096
# Room for what the load writes behind the space that the store keeps free.
FULL_BYTES = 2 * 2**30
LEFT_BYTES = 64 * 2**20
LOOPBACK = "127.0.0.1"
RING_NAMES = ("account", "container", "object")


def kill(probe: Probe) -> None:
    """SIGKILL to every process of a node; a while later it starts again."""
    number = probe.pick_node()
    probe.store.kill_node(number)
    time.sleep(AWAY_SECONDS)
    probe.store.start_node(number)


def pause(probe: Probe) -> None:
    """SIGSTOP: the node takes connections and never answers."""
    number = probe.pick_node()
    workers = probe.store.workers(number)
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(AWAY_SECONDS)
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    port = probe.store.plans[number].public_port
    wait_for(lambda: answers(port), "the node to answer again")


def wipe(probe: Probe) -> None:
    """A dead disk is swapped: the device comes back empty."""
    number = probe.pick_node()
    probe.store.kill_node(number)
    device = probe.pick_device(number)
    shutil.rmtree(device)
    device.mkdir()
    probe.store.start_node(number)


def fill(probe: Probe) -> None:
    """A device runs full: its file system has less left than the store keeps free."""
    number = probe.pick_node()
    probe.store.kill_node(number)
    device = probe.pick_device(number)
    shutil.rmtree(device)
    device.mkdir()
    mount(device, FULL_BYTES)
    probe.at_end.append(lambda: unmount(device))
    ballast = device / "ballast"
    with ballast.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, FULL_BYTES - LEFT_BYTES)
    probe.store.start_node(number)
    time.sleep(AWAY_SECONDS)
    ballast.unlink()


def mount(directory: Path, size: int) -> None:
    """Put a small file system in memory there."""
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs"]
    subprocess.run(["mount", *options, str(directory)], check=True)


def unmount(directory: Path) -> None:
    """Take it away again."""
    subprocess.run(["umount", str(directory)], check=True)


def may_mount(directory: Path) -> bool:
    """Whether this user, on this machine, may mount at all."""
    try:
        mount(directory, 2**20)
    except (OSError, subprocess.CalledProcessError):
        return False
    unmount(directory)
    return True


def corrupt(probe: Probe) -> None:
    """Bits flip on a running device: in log segments and in body files."""
    device = probe.pick_device(probe.pick_node())
    rng = probe.rng
    files = [*device.glob("objects/log/*.log"), *device.rglob("objects/bodies/*/*")]
    files = [file for file in files if file.is_file() and file.stat().st_size]
    for file in rng.sample(files, min(len(files), FLIPS)):
        flip(file, rng)


def flip(file: Path, rng: random.Random) -> None:
    """Flip one bit behind the file's head, among bytes that are not zero."""
    with file.open("r+b") as opened:
        content = opened.read()
        used = len(content.rstrip(b"\0"))
        if used <= SEGMENT_HEAD_BYTES:
            return
        place = rng.randrange(SEGMENT_HEAD_BYTES, used)
        opened.seek(place)
        opened.write(bytes([content[place] ^ (1 << rng.randrange(8))]))


def add_node(probe: Probe) -> None:
    """A node joins: new rings, written while everything runs."""
    plan = probe.new_plan()
    probe.store.add_node(plan)
    probe.store.start_node(len(probe.store.plans) - 1)

    def joined(builder: object) -> None:
        for name in plan.devices:
            builder.add(  # type: ignore[attr-defined]
                Device(-1, 1, plan.zone, LOOPBACK, plan.node_port, name, 100.0)
            )

    change_rings(probe, joined)


def drain_node(probe: Probe) -> None:
    """A node's weights become zero: everything moves off it."""
    plan = probe.store.plans[probe.pick_node()]

    def drained(builder: object) -> None:
        for device in list(builder.known_devices()):  # type: ignore[attr-defined]
            if device.port == plan.node_port:
                builder.set_weight(device.id, 0.0)  # type: ignore[attr-defined]

    change_rings(probe, drained)


def change_rings(probe: Probe, change: Callable[[object], None]) -> None:
    """Change all builders, rebalance, and put the new rings in place."""
    directory = probe.store.place.settings_directory
    for name in RING_NAMES:
        builder = load_builder(directory / f"{name}.builder")
        change(builder)
        builder.pretend_min_part_hours_passed()
        # One replica of a partition moves in a rebalance; others have to wait
        # until it has arrived, as an operator would.
        builder.rebalance(probe.rng, now=int(time.time()))
        save_builder(builder, directory / f"{name}.builder")
        save_ring(builder.ring(), directory / f"{name}.ring.gz")

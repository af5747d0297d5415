"""Policies of fragments in the settings, and rings that do not fit them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from objectstore.app.rings import RingFiles
from objectstore.kernel.settings import BadSettings
from objectstore.policy.erasure import Erasure
from objectstore.policy.policies import Policies, Policy
from objectstore.settings import load_settings
from ring.builder import Builder
from ring.device import Device
from ring.file import save_ring

CLUSTER = """
[cluster]
secret = 0123456789
hash_suffix = x

[storage-policy:0]
name = gold
default = yes

[storage-policy:1]
name = cold
"""


def load(directory: Path, policy: str) -> Policies:
    (directory / "cluster.conf").write_text(CLUSTER + policy)
    path = directory / "store.conf"
    path.write_text("[server]\n")
    return load_settings(path).policies


def test_a_policy_of_fragments(tmp_path: Path) -> None:
    text = "type = erasure\ndata = 4\nparity = 2\nsegment = 256 KiB\n"
    policies = load(tmp_path, text)
    assert policies.erasures == {1: Erasure(4, 2, 256 * 1024)}
    assert [policy.spaces for policy in policies] == [(0,), (1, 1001)]
    bare = load(tmp_path, "type = erasure\ndata = 2\nparity = 1\n")
    assert bare.erasures == {1: Erasure(2, 1, 1024 * 1024)}
    assert not load(tmp_path, "type = replication\n").erasures


def test_without_the_library_the_start_says_what_to_install(tmp_path: Path) -> None:
    """Whoever has such a policy; others never ask for it."""
    load(tmp_path, "type = erasure\ndata = 4\nparity = 2\n")
    program = """
import pathlib, sys
sys.modules["pyeclib"] = None
from objectstore.settings import load_settings
load_settings(pathlib.Path(sys.argv[1]))
import objectstore.app.standalone
"""
    command = [sys.executable, "-c", program, str(tmp_path / "store.conf")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "storage-policy:1] type: an erasure-coded storage policy" in ended.stderr
    assert "python -m pip install pyeclib" in ended.stderr
    load(tmp_path, "type = replication\n")
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("type = erasure\n", "data: 2 at least"),
        ("type = erasure\ndata = 4\n", "parity: 1 at least"),
        ("type = erasure\ndata = 2\nparity = 3\n", "parity: no more than data"),
        ("type = erasure\ndata = 30\nparity = 3\n", "32 together at most"),
        (
            "type = erasure\ndata = 4\nparity = 2\nsegment = 1 KiB\n",
            "segment: 64 to 1024 KiB",
        ),
        (
            "type = erasure\ndata = 4\nparity = 2\nsegment = 2 MiB\n",
            "segment: 64 to 1024 KiB",
        ),
        ("type = mirror\n", "none of replication | erasure"),
        ("data = 4\nparity = 2\n", "data and parity are of type = erasure"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, text)
    assert told in str(caught.value)


def write_ring(directory: Path, name: str, replicas: int, devices: int) -> None:
    builder = Builder(3, replicas, 0)
    for number in range(devices):
        device = Device(number, 1, number, "127.0.0.1", 6200, f"d{number}", 1.0)
        builder.add(device)
    builder.rebalance(random.Random(1), 0)
    path = directory / f"{name}.ring.gz"
    save_ring(builder.ring(), path)
    # Two within a tick of the file system's clock must differ.
    os.utime(path, ns=(replicas, replicas))


def test_rings_that_do_not_fit_are_refused_at_start_and_later(tmp_path: Path) -> None:
    cold = Policy(1, "cold", erasure=Erasure(4, 2))
    policies = Policies([Policy(0, "gold", is_default=True), cold])
    for name in ("account", "container", "object"):
        write_ring(tmp_path, name, 3, 7)
    write_ring(tmp_path, "object-1", 3, 7)
    now = 0.0
    with pytest.raises(BadSettings) as caught:
        RingFiles(tmp_path, policies, lambda: now)
    assert "3 replicas, but the storage policy has 6 fragments" in str(caught.value)
    write_ring(tmp_path, "object-1", 6, 7)
    files = RingFiles(tmp_path, policies, lambda: now)
    good = files.current().objects[1]
    write_ring(tmp_path, "object-1", 5, 7)
    now = 60.0
    assert files.current().objects[1] is good
    write_ring(tmp_path, "object-1", 6, 8)
    now = 120.0
    assert len(files.current().objects[1].devices) == 8

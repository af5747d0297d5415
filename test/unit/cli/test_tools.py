"""The pure parts of operators' tools."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest

from objectstore.cli.drive_audit import block_device, count_errors
from objectstore.cli.info import differences
from objectstore.cli.names import split_name
from objectstore.cli.recon import Server, find_problems
from objectstore.cli.show import age, size

KERNEL_LOG = """\
[1.0] sd 2:0:0:0: [sdb] Attached SCSI disk
[2.0] blk_update_request: I/O error, dev sdb, sector 123456 op 0x0:(READ)
[2.1] Buffer I/O error on dev sdb1, logical block 15432, async page read
[2.2] critical medium error, dev sdc, sector 99 op 0x0:(READ) flags 0x0
[2.3] EXT4-fs error (device sdd1): ext4_find_entry:1455: inode #2: comm python
[2.4] XFS (sde): metadata I/O error in "xfs_read_agi" at daddr 0x2 len 1 error 5
[2.5] XFS (sdf): Mounting V5 Filesystem
[2.6] EXT4-fs (sdg): mounted filesystem with ordered data mode
[2.7] BTRFS error (device sdh): parent transid verify failed
[2.8] I/O error, dev nvme0n1, sector 8 op 0x1:(WRITE)
"""


def test_errors_in_the_kernels_log() -> None:
    counts = count_errors(KERNEL_LOG.splitlines())
    assert dict(counts) == {
        "sdb": 1,
        "sdb1": 1,
        "sdc": 1,
        "sdd1": 1,
        "sde": 1,
        "sdh": 1,
        "nvme0n1": 1,
    }


def test_the_disk_below_a_directory() -> None:
    mounts = (
        "/dev/vda1 / ext4 rw 0 0\n"
        "tmpfs /srv/node/d3 tmpfs rw 0 0\n"
        "/dev/sdb1 /srv/node/d1 xfs rw 0 0\n"
        "/dev/sdc1 /srv/node/with\\040space xfs rw 0 0\n"
    )
    assert block_device(Path("/srv/node/d1"), mounts) == "sdb1"
    assert block_device(Path("/srv/node/d10"), mounts) == "vda1"
    assert block_device(Path("/srv/node/d3"), mounts) == ""
    assert block_device(Path("/srv/node/with space"), mounts) == "sdc1"


def test_names() -> None:
    assert split_name(("a",)) == ("a",)
    assert split_name(("/a/c/o/with/slashes",)) == ("a", "c", "o/with/slashes")
    assert split_name(("/v1/a/c",)) == ("a", "c")
    assert split_name(("a", "c", "o/x")) == ("a", "c", "o/x")
    for words in (("a", "b", "c", "d"), ("",), ("a", "", "o")):
        with pytest.raises(click.UsageError):
            split_name(words)


def replica(problem: str = "", **state: Any) -> dict[str, Any]:
    return {"state": state or None, "problem": problem}


def test_differences_between_replicas() -> None:
    good = replica(timestamp=1, etag="x")
    assert differences([good, good, good]) == set()
    assert differences([replica(), replica()]) == set()
    assert differences([good, replica(timestamp=2, etag="x")]) == {"timestamp"}
    assert differences([good, replica()]) == {"state"}
    assert differences([good, replica("away")]) == {"state"}


def page(**more: Any) -> dict[str, Any]:
    room = {"room": "objects", "quarantined": 0, "index_damage": ""}
    device = {
        "device": "d1",
        "free_bytes": 100,
        "reserve_bytes": 10,
        "body_reserve_bytes": 10,
        "failing_loops": [],
        "rooms": [room],
    }
    return {
        "version": "1",
        "settings_digest": "same",
        "rings": {"object": {"digest": "r"}},
        "workers_silent": [],
        "unserved": {},
        "devices": [device],
        **more,
    }


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (Server("s", page(), "", 0.0), None),
        (Server("s", None, "refused", 0.0), "does not answer"),
        (Server("s", page(settings_digest="other"), "", 0.0), "other cluster settings"),
        (Server("s", page(rings={}), "", 0.0), "another object ring"),
        (Server("s", page(), "", -5.0), "clock is off by -5.0 s"),
        (Server("s", page(workers_silent=[1]), "", 0.0), "worker 1"),
        (
            Server("s", page(unserved={"d9": "gone"}), "", 0.0),
            "d9: is not served: gone",
        ),
    ],
)
def test_what_recon_finds(server: Server, expected: str | None) -> None:
    found = list(find_problems([server], {"object": "r"}, "same"))
    if expected is None:
        assert found == []
    else:
        assert len(found) == 1
        assert re.search(expected, found[0])


def test_what_recon_finds_on_a_device() -> None:
    told = page()
    told["devices"][0].update(free_bytes=15, failing_loops=["object-audit"])
    told["devices"][0]["rooms"][0].update(quarantined=2, index_damage="bad page")
    found = list(find_problems([Server("s", told, "", 0.0)], {"object": "r"}, "same"))
    assert len(found) == 4
    versions = [Server("a", page(), "", 0.0), Server("b", page(version="2"), "", 0.0)]
    (problem,) = find_problems(versions, {"object": "r"}, "same")
    assert "several versions" in problem


def test_figures_for_people() -> None:
    assert [size(n) for n in (5, 2048, 3 * 2**30)] == ["5 B", "2.0 KiB", "3.0 GiB"]
    assert [age(n) for n in (None, 5, 600, 7300, 200000)] == [
        "never",
        "5 s",
        "10 min",
        "2 h",
        "2.3 d",
    ]

"""What disks are called by those who order them."""

from __future__ import annotations

import pytest

from compute.ec2.device_names import disk_meant, naming, shown_device


@pytest.mark.parametrize(
    ("name", "disk"),
    [
        ("/dev/sdf", "vdf"),
        ("/dev/xvdba", "vdba"),
        ("/dev/sda1", "vda"),
        ("sdf", "vdf"),
        ("/dev/vdb", "vdb"),
        ("/dev/nvme1n1", "nvme1n1"),
        ("", ""),
    ],
)
def test_the_disk_that_is_meant(name: str, disk: str) -> None:
    assert disk_meant(name) == disk


def test_a_name_holds_where_it_was_given() -> None:
    kept = naming("/dev/sdf", "/dev/vdf")
    volume = {"metadata": kept}
    assert shown_device(volume, {"device": "/dev/vdf"}) == "/dev/sdf"
    # Attached elsewhere later, by somebody who said nothing of names.
    assert shown_device(volume, {"device": "/dev/vdb"}) == "/dev/vdb"
    assert shown_device(volume, {"device": None}) == ""
    assert naming("/dev/vdb", "/dev/vdb") == {}

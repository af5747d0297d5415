"""Servers and volumes by the unmodified clients, on simulated hosts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from test.functional.compute.house import RunningCloud
from test.functional.compute.instance.conftest import Means

SECONDS_MAX = 60.0


def wait_for(cloud: RunningCloud, volume: str, status: str) -> None:
    until = time.monotonic() + SECONDS_MAX
    while (found := cloud.openstack("volume", "show", volume)["status"]) != status:
        assert time.monotonic() < until, (volume, found)
        time.sleep(0.2)


@pytest.fixture
def volume(cloud: RunningCloud) -> Iterator[str]:
    """A volume of one GiB; its name."""
    made = cloud.openstack("volume", "create", "--size", "1", "server-data")
    wait_for(cloud, made["id"], "available")
    yield str(made["id"])
    wait_for(cloud, made["id"], "available")
    cloud.openstack("volume", "delete", made["id"])


def create(cloud: RunningCloud, means: Means, name: str, *more: str) -> Any:
    return cloud.openstack(
        "server", "create", name, "--flavor", means.flavor, "--wait", *more
    )


def delete(cloud: RunningCloud, name: str) -> None:
    cloud.openstack("server", "delete", "--wait", name)


def test_add_and_remove(cloud: RunningCloud, means: Means, volume: str) -> None:
    network = ("--nic", f"net-id={means.network}")
    server = create(cloud, means, "vol-a", "--image", means.image, *network)
    cloud.openstack("server", "add", "volume", "vol-a", volume, "--device", "/dev/vdd")
    wait_for(cloud, volume, "in-use")
    (listed,) = cloud.openstack("server", "volume", "list", "vol-a")
    assert (listed["Volume ID"], listed["Device"]) == (volume, "/dev/vdd")
    shown = cloud.openstack("server", "show", "vol-a")
    assert volume in str(shown["volumes_attached"])
    (attachment,) = cloud.openstack("volume", "show", volume)["attachments"]
    assert attachment["server_id"] == server["id"]
    cloud.openstack("server", "remove", "volume", "vol-a", volume)
    wait_for(cloud, volume, "available")
    delete(cloud, "vol-a")


def test_create_with_a_volume(cloud: RunningCloud, means: Means, volume: str) -> None:
    network = ("--nic", f"net-id={means.network}")
    device = f"uuid={volume},source_type=volume,destination_type=volume,tag=data"
    create(
        cloud,
        means,
        "vol-b",
        "--image",
        means.image,
        "--block-device",
        device,
        *network,
    )
    wait_for(cloud, volume, "in-use")
    delete(cloud, "vol-b")


def test_boot_from_volume(cloud: RunningCloud, means: Means) -> None:
    network = ("--nic", f"net-id={means.network}")
    create(
        cloud,
        means,
        "vol-c",
        *("--image", means.image, "--boot-from-volume", "2"),
        *network,
    )
    shown = cloud.openstack("server", "show", "vol-c")
    assert shown["image"] in ("", "N/A (booted from volume)")
    sdk = cloud.sdk()
    server = sdk.compute.find_server("vol-c")
    (attached,) = sdk.compute.volume_attachments(server)
    root = sdk.block_storage.get_volume(attached.volume_id)
    assert (root.status, root.is_bootable, root.size) == ("in-use", True, 2)
    with pytest.raises(Exception, match="root"):
        sdk.compute.delete_volume_attachment(server, attached.volume_id)
    delete(cloud, "vol-c")
    wait_for(cloud, root.id, "available")
    create(cloud, means, "vol-d", "--volume", root.id, *network)
    cloud.openstack("server", "image", "create", "--name", "vol-image", "vol-d")
    image = sdk.image.find_image("vol-image")
    assert image is not None and image.size == 0
    delete(cloud, "vol-d")
    sdk.image.delete_image(image)
    for snapshot in sdk.block_storage.snapshots():
        sdk.block_storage.delete_snapshot(snapshot)
        sdk.block_storage.wait_for_delete(snapshot)
    wait_for(cloud, root.id, "available")
    cloud.openstack("volume", "delete", root.id)


def test_the_sdk_attaches(cloud: RunningCloud, means: Means, volume: str) -> None:
    sdk = cloud.sdk()
    server = sdk.compute.create_server(**means.order("vol-e"))
    server = sdk.compute.wait_for_server(server)
    sdk.compute.create_volume_attachment(
        server, volume_id=volume, delete_on_termination=False
    )
    wait_for(cloud, volume, "in-use")
    (found,) = sdk.compute.volume_attachments(server)
    assert (found.volume_id, found.device) == (volume, "/dev/vdb")
    sdk.compute.delete_volume_attachment(server, volume)
    wait_for(cloud, volume, "available")
    sdk.compute.delete_server(server)
    sdk.compute.wait_for_delete(server)


def test_limits_reach_a_server_that_runs(
    cloud: RunningCloud, means: Means, volume: str
) -> None:
    network = ("--nic", f"net-id={means.network}")
    create(cloud, means, "vol-q", "--image", means.image, *network)
    cloud.openstack("server", "add", "volume", "vol-q", volume)
    wait_for(cloud, volume, "in-use")
    for words in (
        ("qos", "create", "--property", "total_iops_sec=50", "slow"),
        ("type", "create", "slow"),
        ("qos", "associate", "slow", "slow"),
        ("set", "--type", "slow", volume),
    ):
        cloud.openstack("volume", *words)
    wait_for_limits(cloud, 1)
    cloud.openstack("volume", "qos", "set", "--property", "total_iops_sec=70", "slow")
    wait_for_limits(cloud, 2)
    delete(cloud, "vol-q")


def wait_for_limits(cloud: RunningCloud, count: int) -> None:
    """The server's host was told so often."""
    until = time.monotonic() + SECONDS_MAX
    while True:
        events = cloud.openstack("server", "event", "list", "vol-q")
        found = [each["Action"] for each in events].count("limit_volume")
        if found >= count:
            return
        assert time.monotonic() < until, events
        time.sleep(0.5)


def test_two_servers_share_a_volume(cloud: RunningCloud, means: Means) -> None:
    cloud.openstack("volume", "type", "create", "--multiattach", "shared")
    sdk = cloud.sdk()
    volume = sdk.block_storage.create_volume(size=1, volume_type="shared")
    wait_for(cloud, volume.id, "available")
    servers = [sdk.compute.create_server(**means.order(f"share-{n}")) for n in "ab"]
    for server in servers:
        sdk.compute.wait_for_server(server, interval=0.2)
        cloud.openstack("server", "add", "volume", server.id, volume.id)
    shown = cloud.openstack("volume", "show", volume.id)
    assert shown["multiattach"] and shown["status"] == "in-use"
    until = time.monotonic() + SECONDS_MAX
    while len(sdk.block_storage.get_volume(volume.id).attachments) < len(servers):
        assert time.monotonic() < until
        time.sleep(0.2)
    first, second = servers
    cloud.openstack("server", "remove", "volume", first.id, volume.id)
    while len(left := sdk.block_storage.get_volume(volume.id).attachments) > 1:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert [each["server_id"] for each in left] == [second.id]
    wait_for(cloud, volume.id, "in-use")
    for server in servers:
        sdk.compute.delete_server(server)
        sdk.compute.wait_for_delete(server, interval=0.2)
    wait_for(cloud, volume.id, "available")
    sdk.block_storage.delete_volume(volume)
    sdk.block_storage.wait_for_delete(volume, interval=0.2)
    cloud.openstack("volume", "type", "delete", "shared")

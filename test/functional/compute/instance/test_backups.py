"""Backups by openstacksdk: images of a kind, of which only the newest stay."""

from __future__ import annotations

import time

import pytest
from openstack import exceptions

from test.functional.compute.house import RunningCloud
from test.functional.compute.instance.conftest import Means

SECONDS_MAX = 90.0


def test_only_the_newest_backups_stay(cloud: RunningCloud, means: Means) -> None:
    sdk = cloud.sdk()
    image = sdk.image.find_image("instance-tiny")
    flavor = sdk.compute.find_flavor("instance.small")
    network = sdk.network.find_network("instance-net")
    server = sdk.compute.create_server(
        name="kept",
        image_id=image.id,
        flavor_id=flavor.id,
        networks=[{"uuid": network.id}],
    )
    sdk.compute.wait_for_server(server, interval=0.5, wait=60)

    def backups() -> set[str]:
        found = sdk.image.images(image_type="backup", instance_uuid=server.id)
        return {each.name for each in found if each.status == "active"}

    for number in range(3):
        name = f"daily-{number}"
        sdk.compute.backup_server(server, name, "daily", 2)
        until = time.monotonic() + SECONDS_MAX
        while name not in backups():
            assert time.monotonic() < until, backups()
            time.sleep(0.5)
    sdk.compute.backup_server(server, "weekly-0", "weekly", 1)
    until = time.monotonic() + SECONDS_MAX
    while backups() != {"daily-1", "daily-2", "weekly-0"}:
        assert time.monotonic() < until, backups()
        time.sleep(0.5)
    with pytest.raises(exceptions.BadRequestException, match="rotation"):
        sdk.compute.backup_server(server, "none", "daily", 0)
    sdk.compute.delete_server(server)
    sdk.compute.wait_for_delete(server)
    for name in backups():
        sdk.image.delete_image(sdk.image.find_image(name))

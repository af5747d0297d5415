"""Rooms and agents as processes of their own, over HTTP, PostgreSQL and RabbitMQ."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from openstack.connection import Connection

from test.functional.compute.parted import (
    EC2_FACES,
    HOSTS,
    SECOND,
    Parted,
    PartedCloud,
)

SECONDS_MAX = 60.0
POLL_SECONDS = 0.25
# A simulated host has memory for so many of these (it keeps half a GiB for itself).
MEMORY_MIB = 20_000
SERVERS_ASKED = 24


@pytest.fixture(scope="module")
def cloud(parted: Parted) -> PartedCloud:
    return parted.cloud


@pytest.fixture(scope="module")
def order(cloud: PartedCloud, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What every server is made of."""
    sdk = cloud.sdk()
    disk = tmp_path_factory.mktemp("image") / "disk.raw"
    disk.write_bytes(bytes(1 << 20))
    image = sdk.create_image(
        "parted", filename=str(disk), disk_format="raw", container_format="bare"
    )
    network = sdk.network.create_network(name="parted")
    sdk.network.create_subnet(
        network_id=network.id, cidr="10.9.0.0/24", ip_version=4, name="parted"
    )
    flavor = sdk.compute.create_flavor(
        name="parted", ram=MEMORY_MIB, vcpus=1, disk=1, flavor_id="parted"
    )
    return {
        "image_id": image.id,
        "flavor_id": flavor.id,
        "networks": [{"uuid": network.id}],
    }


def wait_for(what: str, found: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS_MAX
    while not found():
        assert time.monotonic() < until, f"not within {SECONDS_MAX:g} s: {what}"
        time.sleep(POLL_SECONDS)


def wait_for_status(sdk: Connection, server_id: str, status: str) -> None:
    wait_for(status, lambda: status_of(sdk, server_id) in (status, "ERROR"))
    assert status_of(sdk, server_id) == status


def status_of(sdk: Connection, server_id: str) -> str:
    return str(sdk.compute.get_server(server_id).status)


def delete(sdk: Connection, *server_ids: str) -> None:
    for server_id in server_ids:
        sdk.compute.delete_server(server_id)
    for server_id in server_ids:
        wait_for(
            "deleted",
            lambda wanted=server_id: (  # type: ignore[misc]
                sdk.compute.find_server(wanted) is None
            ),
        )


def test_a_server_lives_and_dies(cloud: PartedCloud, order: Any) -> None:
    sdk = cloud.sdk()
    server = sdk.compute.create_server(name="one", **order)
    wait_for_status(sdk, server.id, "ACTIVE")
    sdk.compute.stop_server(server)
    wait_for_status(sdk, server.id, "SHUTOFF")
    image = sdk.compute.create_server_image(server, "parted-snapshot")
    wait_for("image", lambda: sdk.image.get_image(image.id).status == "active")
    wait_for_status(sdk, server.id, "SHUTOFF")
    sdk.compute.start_server(server)
    wait_for_status(sdk, server.id, "ACTIVE")
    delete(sdk, server.id)
    sdk.image.delete_image(image)
    assert list(sdk.network.ports(device_id=server.id)) == []


def test_a_servers_volume_outlives_its_room(cloud: PartedCloud, order: Any) -> None:
    """The room of volumes is killed while one is attached, and while one is made."""
    sdk = cloud.sdk()
    volumes = sdk.block_storage

    def wait_for_volume(volume_id: str, status: str) -> None:
        wait_for(status, lambda: volumes.get_volume(volume_id).status == status)

    kept = volumes.create_volume(size=1, name="kept").id
    wait_for_volume(kept, "available")
    server = sdk.compute.create_server(name="keeper", **order)
    wait_for_status(sdk, server.id, "ACTIVE")
    sdk.compute.create_volume_attachment(server, volume_id=kept)
    wait_for_volume(kept, "in-use")
    begun = volumes.create_volume(size=1, name="begun").id
    cloud.kill("volume")
    cloud.start("volume")
    wait_for_volume(begun, "available")
    assert volumes.get_volume(kept).status == "in-use"
    (attached,) = sdk.compute.volume_attachments(server)
    assert (attached.volume_id, attached.device) == (kept, "/dev/vdb")
    sdk.compute.delete_volume_attachment(server, kept)
    wait_for_volume(kept, "available")
    delete(sdk, server.id)
    for volume_id in (kept, begun):
        volume = volumes.get_volume(volume_id)
        volumes.delete_volume(volume)
        volumes.wait_for_delete(volume, interval=POLL_SECONDS)


@pytest.mark.parametrize("room", ["compute", "network", "volume", "identity", "agent"])
def test_a_part_dies_and_comes_back(cloud: PartedCloud, order: Any, room: str) -> None:
    sdk = cloud.sdk()
    server = sdk.compute.create_server(name=f"without-{room}", **order)
    cloud.kill(room)
    cloud.start(room)
    wait_for_status(sdk, server.id, "ACTIVE")
    delete(sdk, server.id)
    assert list(sdk.network.ports(device_id=server.id)) == []


def test_two_processes_never_overbook(cloud: PartedCloud, order: Any) -> None:
    """Half of the servers are asked for at each; hosts have no room for all."""
    project = cloud.sdk().current_project_id
    first, second = cloud.sdk(), cloud.sdk()
    first.compute.update_quota_set(project, instances=-1, cores=-1, ram=-1)
    url = f"http://127.0.0.1:{cloud.ports[SECOND]}/compute/v2.1"
    second.compute.endpoint_override = url

    def ask(number: int) -> str:
        sdk = (first, second)[number % 2]
        return str(sdk.compute.create_server(name=f"many-{number}", **order).id)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(ask, range(SERVERS_ASKED)))
    for server_id in made:
        wait_for(
            "settled",
            lambda wanted=server_id: (  # type: ignore[misc]
                status_of(first, wanted) in ("ACTIVE", "ERROR")
            ),
        )
    states = [status_of(first, server_id) for server_id in made]
    hosts = list(first.compute.hypervisors(details=True))
    room_for = 0
    for host in hosts:
        details = first.compute.get(
            f"/os-hypervisors/{host.id}", microversion="2.53"
        ).json()["hypervisor"]
        assert details["memory_mb_used"] <= details["memory_mb"]
        room_for += (details["memory_mb"] - 512) // MEMORY_MIB
    assert len(hosts) == HOSTS
    assert states.count("ACTIVE") == min(room_for, SERVERS_ASKED)
    delete(first, *made)


def test_nobody_said_anything_untoward(cloud: PartedCloud) -> None:
    for name in cloud.parts:
        for bad in ("Traceback", "ConnectionForced"):
            assert bad not in cloud.log(name), cloud.log(name)[-3000:]


@pytest.fixture(scope="module")
def faces(cloud: PartedCloud) -> list[Any]:
    """The administrator with boto3, at either process of EC2's API."""
    sdk = cloud.sdk()
    user, project = sdk.current_user_id, sdk.current_project_id
    path = f"/users/{user}/credentials/OS-EC2"
    key = sdk.identity.post(path, json={"tenant_id": project}).json()["credential"]
    return [
        boto3.client(
            "ec2",
            endpoint_url=f"http://127.0.0.1:{cloud.ports[name]}",
            region_name="RegionOne",
            aws_access_key_id=key["access"],
            aws_secret_access_key=key["secret"],
            config=Config(retries={"max_attempts": 0}),
        )
        for name in EC2_FACES
    ]


def test_an_order_that_two_processes_hear_at_once_is_one(
    cloud: PartedCloud, order: Any, faces: list[Any]
) -> None:
    images = faces[0].describe_images(Filters=[{"Name": "name", "Values": ["parted"]}])
    subnets = faces[0].describe_subnets(
        Filters=[{"Name": "cidr-block", "Values": ["10.9.0.0/24"]}]
    )["Subnets"]

    def run(number: int) -> set[str]:
        answer = faces[number % 2].run_instances(
            ImageId=images["Images"][0]["ImageId"],
            InstanceType="parted",
            MinCount=2,
            MaxCount=2,
            SubnetId=subnets[0]["SubnetId"],
            ClientToken="at once",
        )
        return {each["InstanceId"] for each in answer["Instances"]}

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(run, range(6)))
    assert all(each == answers[0] for each in answers) and len(answers[0]) == 2
    named = [server.id for server in cloud.sdk().compute.servers()]
    assert len(named) == 2
    delete(cloud.sdk(), *named)


def test_a_room_that_is_away(cloud: PartedCloud, faces: list[Any]) -> None:
    """Clients are told that it passes, and what needs no network goes on."""
    cloud.kill("network")
    try:
        for ask in (faces[0].describe_vpcs, faces[0].describe_instances):
            with pytest.raises(ClientError) as caught:
                ask()
            response = caught.value.response
            assert response["Error"]["Code"] == "Unavailable"
            assert response["ResponseMetadata"]["HTTPStatusCode"] == 503
            assert "network" in response["Error"]["Message"]
        for action in ("describe_images", "describe_key_pairs", "describe_regions"):
            assert getattr(faces[0], action)()
    finally:
        cloud.start("network")
    wait_for("the network room", lambda: bool(faces[0].describe_vpcs()["Vpcs"]))

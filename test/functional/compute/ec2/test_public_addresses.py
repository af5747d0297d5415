"""Addresses that instances get when they are started, and lose with their end."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_instances import code, instances


def floating(tenant: Tenant) -> int:
    return len(list(tenant.sdk.network.ips(project_id=tenant.project)))


def order(image: str, subnet: str, wanted: bool) -> dict[str, Any]:
    return {
        "ImageId": image,
        "InstanceType": "m1.small",
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "SubnetId": subnet,
                "AssociatePublicIpAddress": wanted,
            }
        ],
    }


def test_they_come_and_go_with_their_instances(
    tenant: Tenant, image: str, subnet: str
) -> None:
    ec2, before = tenant.ec2, floating(tenant)
    made = ec2.run_instances(MinCount=2, MaxCount=2, **order(image, subnet, True))
    names = [each["InstanceId"] for each in made["Instances"]]
    tenant.wait("instance_running", InstanceIds=names)
    shown = instances(ec2.describe_instances(InstanceIds=names))
    addresses = {each["PublicIpAddress"] for each in shown}
    assert len(addresses) == 2 and floating(tenant) == before + 2
    association = shown[0]["NetworkInterfaces"][0]["Association"]
    assert association["IpOwnerId"] == "amazon"
    # They are nobody's to allocate or release.
    listed = {each["PublicIp"] for each in ec2.describe_addresses()["Addresses"]}
    assert not listed & addresses
    with pytest.raises(ClientError) as caught:
        ec2.release_address(PublicIp=shown[0]["PublicIpAddress"])
    assert code(caught) == "InvalidAddress.NotFound"
    # An address that was allocated takes the place of the one that came.
    allocated = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=allocated["AllocationId"], InstanceId=names[0])
    first = instances(ec2.describe_instances(InstanceIds=[names[0]]))[0]
    assert first["PublicIpAddress"] == allocated["PublicIp"]
    assert floating(tenant) == before + 2
    # One ends here, the other by OpenStack's client.
    ec2.terminate_instances(InstanceIds=[names[0]])
    uuid = next(
        each.id
        for each in tenant.sdk.compute.servers()
        if each.id.replace("-", "").startswith(names[1].removeprefix("i-"))
    )
    tenant.sdk.compute.delete_server(uuid)
    tenant.wait("instance_terminated", InstanceIds=names)
    ec2.describe_instances()
    assert floating(tenant) == before + 1
    ec2.release_address(AllocationId=allocated["AllocationId"])


def test_there_is_room_for_all_or_none_is_made(
    ec2_cloud: Ec2Cloud, tenant: Tenant, image: str, subnet: str
) -> None:
    network = ec2_cloud.cloud.sdk().network
    network.update_quota(tenant.project, floating_ips=1)
    with pytest.raises(ClientError) as caught:
        tenant.ec2.run_instances(MinCount=2, MaxCount=2, **order(image, subnet, True))
    network.delete_quota(tenant.project)
    assert code(caught) == "AddressLimitExceeded"


def test_wishes_for_interfaces_that_are_not_granted(
    tenant: Tenant, image: str, subnet: str
) -> None:
    for wish, expected in (
        ({"DeleteOnTermination": False}, "UnsupportedOperation"),
        ({"Ipv6AddressCount": 1}, "UnknownParameter"),
        ({"InterfaceType": "efa"}, "UnsupportedOperation"),
    ):
        wanted = order(image, subnet, False)
        wanted["NetworkInterfaces"][0] |= wish
        with pytest.raises(ClientError) as caught:
            tenant.ec2.run_instances(MinCount=1, MaxCount=1, **wanted)
        assert code(caught) == expected


def test_a_subnet_says_so_unless_the_order_does(
    tenant: Tenant, image: str, subnet: str
) -> None:
    ec2, before = tenant.ec2, floating(tenant)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    one = {"MinCount": 1, "MaxCount": 1}
    said = ec2.run_instances(**one, **order(image, subnet, False))
    unsaid = ec2.run_instances(
        ImageId=image, InstanceType="m1.small", SubnetId=subnet, **one
    )
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    names = [each["Instances"][0]["InstanceId"] for each in (said, unsaid)]
    tenant.wait("instance_running", InstanceIds=names)
    shown = {
        each["InstanceId"]: each.get("PublicIpAddress")
        for each in instances(ec2.describe_instances(InstanceIds=names))
    }
    assert shown[names[0]] is None and shown[names[1]]
    ec2.terminate_instances(InstanceIds=names)
    tenant.wait("instance_terminated", InstanceIds=names)
    assert floating(tenant) == before

"""Instances that are changed: protected, made forwarders, of another type."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.compute.ec2.conftest import Tenant
from test.functional.compute.ec2.test_instances import code, instances


def refused(expected: str, call: Callable[..., Any], **given: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**given)
    assert code(caught) == expected


@pytest.fixture
def instance(tenant: Tenant, image: str, subnet: str) -> Iterator[str]:
    """One that runs, and must not be terminated."""
    made = tenant.ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1,
        SubnetId=subnet, DisableApiTermination=True,
    )  # fmt: skip
    name = made["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[name])
    yield name
    off = {"Value": False}
    tenant.ec2.modify_instance_attribute(InstanceId=name, DisableApiTermination=off)
    tenant.ec2.terminate_instances(InstanceIds=[name])
    tenant.wait("instance_terminated", InstanceIds=[name])


def attribute(tenant: Tenant, instance: str, name: str) -> Any:
    shown = tenant.ec2.describe_instance_attribute(InstanceId=instance, Attribute=name)
    return shown[name[0].upper() + name[1:]]["Value"]


def test_protection(tenant: Tenant, instance: str) -> None:
    ec2 = tenant.ec2
    assert attribute(tenant, instance, "disableApiTermination") is True
    assert attribute(tenant, instance, "disableApiStop") is False
    refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[instance])
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": True})
    assert attribute(tenant, instance, "disableApiStop") is True
    refused("OperationNotPermitted", ec2.stop_instances, InstanceIds=[instance])
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": False})
    # It is no tag of the user's.
    one = instances(ec2.describe_instances(InstanceIds=[instance]))[0]
    assert {tag["Key"] for tag in one["Tags"]} == {"Name"}


def test_one_that_forwards_for_others(tenant: Tenant, instance: str) -> None:
    ec2 = tenant.ec2

    def shown() -> dict[str, Any]:
        return instances(ec2.describe_instances(InstanceIds=[instance]))[0]

    assert shown()["SourceDestCheck"] is True
    interface = shown()["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": False})
    assert shown()["SourceDestCheck"] is False
    address = shown()["PrivateIpAddress"]
    port = next(tenant.sdk.network.ports(fixed_ips=f"ip_address={address}"))
    assert [each["ip_address"] for each in port.allowed_address_pairs] == ["0.0.0.0/0"]
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface, SourceDestCheck={"Value": True}
    )
    assert shown()["SourceDestCheck"] is True


def test_another_type(tenant: Tenant, instance: str) -> None:
    ec2 = tenant.ec2
    change = {"InstanceId": instance, "InstanceType": {"Value": "m1.large"}}
    refused("IncorrectInstanceState", ec2.modify_instance_attribute, **change)
    told = {"InstanceId": instance, "UserData": {"Value": b"#!/bin/sh\n"}}
    refused("IncorrectInstanceState", ec2.modify_instance_attribute, **told)
    ec2.stop_instances(InstanceIds=[instance])
    tenant.wait("instance_stopped", InstanceIds=[instance])
    for _ in range(2):
        ec2.modify_instance_attribute(**change)
        one = instances(ec2.describe_instances(InstanceIds=[instance]))[0]
        assert one["InstanceType"] == "m1.large" and one["State"]["Name"] == "stopped"
    ec2.modify_instance_attribute(**told)
    shown = ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
    assert base64.b64decode(shown["UserData"]["Value"]) == b"#!/bin/sh\n"
    none = {**change, "InstanceType": {"Value": "m9.none"}}
    refused("InvalidParameterValue", ec2.modify_instance_attribute, **none)
    ec2.start_instances(InstanceIds=[instance])
    tenant.wait("instance_running", InstanceIds=[instance])


def test_what_a_volume_from_elsewhere_was_made_of(
    tenant: Tenant, image: str, subnet: str
) -> None:
    """Ordered with OpenStack's client, it still has its image here."""
    sdk, ec2 = tenant.sdk, tenant.ec2
    origin = sdk.image.find_image("tiny")
    volume = sdk.block_storage.create_volume(size=1, image_id=origin.id, name="root")
    sdk.block_storage.wait_for_status(volume, "available", interval=1, wait=90)
    network = sdk.network.find_network("inner")
    server = sdk.compute.create_server(
        name="elsewhere",
        flavor_id=sdk.compute.find_flavor("m1.small").id,
        networks=[{"uuid": network.id}],
        block_device_mapping=[
            {
                "boot_index": 0,
                "uuid": volume.id,
                "source_type": "volume",
                "destination_type": "volume",
                "delete_on_termination": True,
            }
        ],
    )
    name = f"i-{server.id.replace('-', '')[:17]}"
    tenant.wait("instance_running", InstanceIds=[name])
    shown = instances(ec2.describe_instances(InstanceIds=[name]))[0]
    assert shown["ImageId"] == image and shown["RootDeviceType"] == "ebs"
    ec2.terminate_instances(InstanceIds=[name])
    tenant.wait("instance_terminated", InstanceIds=[name])


def test_volumes_that_change(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    name = ec2.create_volume(
        Size=1, AvailabilityZone="nova", VolumeType="gp3", Iops=3000, Throughput=125
    )["VolumeId"]

    def shown() -> dict[str, Any]:
        return dict(ec2.describe_volumes(VolumeIds=[name])["Volumes"][0])

    tenant.wait("volume_available", VolumeIds=[name])
    assert (shown()["VolumeType"], shown()["Iops"]) == ("gp3", 3000)
    refused(
        "InvalidVolumeModification.NotFound",
        ec2.describe_volumes_modifications,
        VolumeIds=[name],
    )
    answer = ec2.modify_volume(VolumeId=name, Size=2, VolumeType="gp2")
    change = answer["VolumeModification"]
    assert (change["OriginalSize"], change["TargetSize"]) == (1, 2)
    assert (change["OriginalVolumeType"], change["TargetVolumeType"]) == ("gp3", "gp2")
    tenant.wait("volume_available", VolumeIds=[name])
    found = ec2.describe_volumes_modifications(
        Filters=[{"Name": "volume-id", "Values": [name]}]
    )["VolumesModifications"]
    assert [each["ModificationState"] for each in found] == ["completed"]
    assert shown()["Size"] == 2 and shown()["VolumeType"] == "gp2"
    for wish, expected in (
        ({"Size": 1}, "InvalidParameterValue"),
        ({"Iops": 3000}, "InvalidParameterCombination"),
        ({"VolumeType": "gp3", "Iops": 9000}, "UnsupportedOperation"),
        ({"VolumeType": "none-such"}, "InvalidParameterValue"),
        ({"MultiAttachEnabled": True}, "UnsupportedOperation"),
    ):
        refused(expected, ec2.modify_volume, VolumeId=name, **wish)
    ec2.delete_volume(VolumeId=name)

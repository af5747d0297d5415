"""Images that stand for snapshots: registered, started, let go with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from test.functional.compute.ec2.conftest import Tenant
from test.functional.compute.ec2.test_instance_changes import refused


@pytest.fixture(scope="module")
def snapshot(tenant: Tenant) -> Iterator[str]:
    ec2 = tenant.ec2
    volume = ec2.create_volume(Size=1, AvailabilityZone="nova")["VolumeId"]
    tenant.wait("volume_available", VolumeIds=[volume])
    made = str(ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    tenant.wait("snapshot_completed", SnapshotIds=[made])
    yield made
    ec2.delete_snapshot(SnapshotId=made)


def order(name: str, snapshot: str, **more: Any) -> dict[str, Any]:
    ebs = {"SnapshotId": snapshot, "VolumeSize": 2, "DeleteOnTermination": True}
    return {
        "Name": name,
        "RootDeviceName": "/dev/sda1",
        "Architecture": "x86_64",
        "VirtualizationType": "hvm",
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sda1", "Ebs": ebs},
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "VolumeType": "gp3"}},
        ],
        **more,
    }


def test_an_image_of_a_snapshot(tenant: Tenant, snapshot: str, subnet: str) -> None:
    ec2 = tenant.ec2
    tags = [{"ResourceType": "image", "Tags": [{"Key": "kind", "Value": "kept"}]}]
    name = ec2.register_image(
        **order("registered", snapshot, Description="d", TagSpecifications=tags)
    )["ImageId"]
    tenant.wait("image_available", ImageIds=[name])
    shown = ec2.describe_images(ImageIds=[name])["Images"][0]
    assert shown["RootDeviceName"] == "/dev/sda1" and shown["Description"] == "d"
    assert shown["Tags"] == tags[0]["Tags"]
    root, extra = shown["BlockDeviceMappings"]
    assert root["Ebs"]["SnapshotId"] == snapshot and root["Ebs"]["VolumeSize"] == 2
    assert extra["DeviceName"] == "/dev/sdf" and extra["Ebs"]["VolumeSize"] == 1
    by_snapshot = [
        {"Name": "block-device-mapping.snapshot-id", "Values": [snapshot]},
        {"Name": "state", "Values": ["available"]},
    ]
    found = ec2.describe_images(Owners=["self"], Filters=by_snapshot)["Images"]
    assert [each["ImageId"] for each in found] == [name]
    refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=snapshot)
    again = order("registered", snapshot)
    refused("InvalidAMIName.Duplicate", ec2.register_image, **again)
    made = ec2.run_instances(
        ImageId=name, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet,
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 3}}],
    )["Instances"][0]["InstanceId"]  # fmt: skip
    plain = ec2.run_instances(
        ImageId=name, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet
    )["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[made, plain])
    sizes = {}
    for each in (made, plain):
        own = [{"Name": "attachment.instance-id", "Values": [each]}]
        volumes = ec2.describe_volumes(Filters=own)["Volumes"]
        sizes[each] = sorted(volume["Size"] for volume in volumes)
        reservation = ec2.describe_instances(InstanceIds=[each])["Reservations"][0]
        assert reservation["Instances"][0]["ImageId"] == name
    assert sizes == {made: [1, 3], plain: [1, 2]}
    ec2.terminate_instances(InstanceIds=[made, plain])
    tenant.wait("instance_terminated", InstanceIds=[made, plain])
    ec2.deregister_image(ImageId=name)


def test_snapshots_go_with_their_image(tenant: Tenant, snapshot: str) -> None:
    ec2 = tenant.ec2
    volume = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["VolumeId"]
    own = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    tenant.wait("snapshot_completed", SnapshotIds=[own])
    first = ec2.register_image(**order("first", own))["ImageId"]
    second = ec2.register_image(**order("second", own))["ImageId"]
    results = [
        ec2.deregister_image(ImageId=each, DeleteAssociatedSnapshots=True)
        for each in (first, second)
    ]
    assert [each["DeleteSnapshotResults"] for each in results] == [
        [{"SnapshotId": own, "ReturnCode": "skipped"}],
        [{"SnapshotId": own, "ReturnCode": "success"}],
    ]
    refused("InvalidAMIID.NotFound", ec2.deregister_image, ImageId=first)


def test_images_that_cannot_be_registered(tenant: Tenant, snapshot: str) -> None:
    register = tenant.ec2.register_image
    root = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("MissingParameter", {"BlockDeviceMappings": []}),
        ("InvalidBlockDeviceMapping", {"RootDeviceName": "/dev/sdz"}),
        ("InvalidBlockDeviceMapping", {"BlockDeviceMappings": [root, root]}),
        ("UnsupportedOperation", {"VirtualizationType": "paravirtual"}),
        ("InvalidParameterValue", {"Architecture": "vax"}),
        ("DryRunOperation", {"DryRun": True}),
    ]
    small = {
        "DeviceName": "/dev/sda1",
        "Ebs": {"SnapshotId": snapshot, "VolumeSize": 0},
    }
    wrong.append(("InvalidBlockDeviceMapping", {"BlockDeviceMappings": [small]}))
    missing = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-" + "0" * 17}}
    wrong.append(("InvalidSnapshot.NotFound", {"BlockDeviceMappings": [missing]}))
    for code, changes in wrong:
        refused(code, register, **{**order("wrong one", snapshot), **changes})

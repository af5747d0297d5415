"""Snapshots that are copied, and shared with other accounts."""

from __future__ import annotations

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_instance_changes import refused


def test_a_copy_of_a_snapshot(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    volume = ec2.create_volume(Size=1, AvailabilityZone="nova")["VolumeId"]
    tenant.wait("volume_available", VolumeIds=[volume])
    first = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    tenant.wait("snapshot_completed", SnapshotIds=[first])
    tags = [{"Key": "Name", "Value": "second"}, {"Key": "of", "Value": "first"}]
    asked = {
        "SourceRegion": "RegionOne",
        "SourceSnapshotId": first,
        "Description": "again",
        "TagSpecifications": [{"ResourceType": "snapshot", "Tags": tags}],
    }
    refused("DryRunOperation", ec2.copy_snapshot, **asked, DryRun=True)
    made = ec2.copy_snapshot(**asked)
    copy = made["SnapshotId"]
    assert made["Tags"] == tags
    tenant.wait("snapshot_completed", SnapshotIds=[copy])
    ec2.delete_snapshot(SnapshotId=first)
    shown = ec2.describe_snapshots(SnapshotIds=[copy])["Snapshots"][0]
    assert (shown["VolumeSize"], shown["Description"]) == (1, "again")
    assert shown["Tags"] == tags
    refused(
        "InvalidParameterValue", ec2.copy_snapshot, **{**asked, "SourceRegion": "moon"}
    )
    gone = {**asked, "SourceSnapshotId": "snap-" + "0" * 17}
    refused("InvalidSnapshot.NotFound", ec2.copy_snapshot, **gone)
    refused("UnsupportedOperation", ec2.copy_snapshot, **asked, Encrypted=True)
    ec2.delete_snapshot(SnapshotId=copy)


def test_a_snapshot_that_is_shared(ec2_cloud: Ec2Cloud, tenant: Tenant) -> None:
    ec2, friend = tenant.ec2, ec2_cloud.tenant("friend")
    theirs = friend.ec2
    volume = ec2.create_volume(Size=1, AvailabilityZone="nova")["VolumeId"]
    tenant.wait("volume_available", VolumeIds=[volume])
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "of", "Value": "mine"}]}]
    name = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"]
    tenant.wait("snapshot_completed", SnapshotIds=[name])
    refused("InvalidSnapshot.NotFound", theirs.describe_snapshots, SnapshotIds=[name])

    def shared() -> list[str]:
        shown = ec2.describe_snapshot_attribute(
            SnapshotId=name, Attribute="createVolumePermission"
        )
        return [each["UserId"] for each in shown["CreateVolumePermissions"]]

    assert shared() == []
    ec2.modify_snapshot_attribute(
        SnapshotId=name, Attribute="createVolumePermission", OperationType="add",
        UserIds=[friend.project],
    )  # fmt: skip
    assert shared() == [friend.project]
    for asked in ({"RestorableByUserIds": ["self"]}, {"OwnerIds": [tenant.project]}):
        (shown,) = theirs.describe_snapshots(**asked)["Snapshots"]
        assert (shown["SnapshotId"], shown["OwnerId"]) == (name, tenant.project)
        assert shown["VolumeId"] == "vol-ffffffff" and not shown.get("Tags")
    assert theirs.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    for_them = ec2.describe_snapshots(RestorableByUserIds=[friend.project])["Snapshots"]
    assert [each["SnapshotId"] for each in for_them] == [name]
    made = theirs.create_volume(SnapshotId=name, AvailabilityZone="nova")["VolumeId"]
    friend.wait("volume_available", VolumeIds=[made])
    copied = {"SourceSnapshotId": name, "SourceRegion": "RegionOne"}
    refused("UnsupportedOperation", theirs.copy_snapshot, **copied)
    missing = "InvalidSnapshot.NotFound"
    refused(missing, theirs.delete_snapshot, SnapshotId=name)
    refused(
        missing, theirs.reset_snapshot_attribute,
        SnapshotId=name, Attribute="createVolumePermission",
    )  # fmt: skip
    everybody = {"CreateVolumePermission": {"Add": [{"Group": "all"}]}}
    change = ec2.modify_snapshot_attribute
    refused("UnsupportedOperation", change, SnapshotId=name, **everybody)
    wrong = {"CreateVolumePermission": {"Add": [{"UserId": "../x"}]}}
    refused("InvalidUserID.Malformed", change, SnapshotId=name, **wrong)
    removed = {"CreateVolumePermission": {"Remove": [{"UserId": friend.project}]}}
    change(SnapshotId=name, **removed)
    assert shared() == []
    again = {"SnapshotId": name, "AvailabilityZone": "nova"}
    refused(missing, theirs.create_volume, **again)
    change(
        SnapshotId=name, CreateVolumePermission={"Add": [{"UserId": friend.project}]}
    )
    ec2.reset_snapshot_attribute(SnapshotId=name, Attribute="createVolumePermission")
    assert shared() == []
    ec2.delete_snapshot(SnapshotId=name)

"""Managed prefix lists, which security groups go by."""

from __future__ import annotations

import time
from typing import Any

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_instance_changes import refused

MISSING = "InvalidPrefixListID.NotFound"


def cidrs(ec2: Any, name: str, **more: Any) -> list[str]:
    shown = ec2.get_managed_prefix_list_entries(PrefixListId=name, **more)
    return [each["Cidr"] for each in shown["Entries"]]


def test_versions_of_a_list(ec2_cloud: Ec2Cloud, tenant: Tenant) -> None:
    ec2 = tenant.ec2
    order = {
        "PrefixListName": "offices",
        "AddressFamily": "IPv4",
        "MaxEntries": 3,
        "ClientToken": "once",
        "Entries": [{"Cidr": "192.0.2.7/24", "Description": "first"}],
        "TagSpecifications": [
            {"ResourceType": "prefix-list", "Tags": [{"Key": "a", "Value": "b"}]}
        ],
    }
    made = ec2.create_managed_prefix_list(**order)["PrefixList"]
    name = made["PrefixListId"]
    assert (made["Version"], made["State"]) == (1, "create-complete")
    again = ec2.create_managed_prefix_list(**order)["PrefixList"]
    assert again["PrefixListId"] == name
    changed = ec2.modify_managed_prefix_list(
        PrefixListId=name, CurrentVersion=1,
        AddEntries=[{"Cidr": "198.51.100.0/24"}],
        RemoveEntries=[{"Cidr": "192.0.2.0/24"}],
    )["PrefixList"]  # fmt: skip
    assert (changed["Version"], changed["State"]) == (2, "modify-complete")
    assert cidrs(ec2, name) == ["198.51.100.0/24"]
    assert cidrs(ec2, name, TargetVersion=1) == ["192.0.2.0/24"]
    change = {"PrefixListId": name, "AddEntries": [{"Cidr": "10.0.0.0/8"}]}
    stale = {**change, "CurrentVersion": 1}
    refused("PrefixListVersionMismatch", ec2.modify_managed_prefix_list, **stale)
    refused("MissingParameter", ec2.modify_managed_prefix_list, **change)
    change = {
        "PrefixListId": name,
        "CurrentVersion": 2,
        "AddEntries": [{"Cidr": "::/0"}],
    }
    refused("InvalidParameterValue", ec2.modify_managed_prefix_list, **change)
    restored = ec2.restore_managed_prefix_list_version(
        PrefixListId=name, PreviousVersion=1, CurrentVersion=2
    )["PrefixList"]
    assert restored["Version"] == 3
    assert cidrs(ec2, name) == ["192.0.2.0/24"]
    first = ec2.get_managed_prefix_list_entries(PrefixListId=name)["Entries"][0]
    assert first["Description"] == "first"
    many = [{"Cidr": f"10.{number}.0.0/16"} for number in range(3)]
    change = {"PrefixListId": name, "CurrentVersion": 3, "AddEntries": many}
    full = "PrefixListMaxEntriesExceeded"
    refused(full, ec2.modify_managed_prefix_list, **change)
    ec2.modify_managed_prefix_list(PrefixListId=name, MaxEntries=4)
    ec2.modify_managed_prefix_list(**change)
    ec2.modify_managed_prefix_list(PrefixListId=name, PrefixListName="houses")
    pages = ec2.get_paginator("get_managed_prefix_list_entries")
    found = pages.paginate(PrefixListId=name, PaginationConfig={"PageSize": 2})
    assert len([each for one in found for each in one["Entries"]]) == 4
    ec2.create_tags(Resources=[name], Tags=[{"Key": "c", "Value": "d"}])
    tagged = [{"Name": "tag:c", "Values": ["d"]}]
    (shown,) = ec2.describe_managed_prefix_lists(Filters=tagged)["PrefixLists"]
    assert shown["PrefixListName"] == "houses" and shown["MaxEntries"] == 4
    assert [each["Key"] for each in shown["Tags"]] == ["a", "c"]
    other = ec2_cloud.tenant("prefixless").ec2
    asked = {"PrefixListIds": [name]}
    refused(MISSING, other.describe_managed_prefix_lists, **asked)
    ec2.delete_managed_prefix_list(PrefixListId=name)
    refused(MISSING, ec2.describe_managed_prefix_lists, **asked)


def test_security_groups_go_by_a_list(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    name = ec2.create_managed_prefix_list(
        PrefixListName="friends", AddressFamily="IPv4", MaxEntries=5,
        Entries=[{"Cidr": "203.0.113.0/24"}],
    )["PrefixList"]["PrefixListId"]  # fmt: skip
    group = ec2.create_security_group(GroupName="by list", Description="x")["GroupId"]
    permission = {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "PrefixListIds": [{"PrefixListId": name, "Description": "ssh"}],
    }  # fmt: skip
    asked = {"GroupId": group, "IpPermissions": [permission]}
    made = ec2.authorize_security_group_ingress(**asked)["SecurityGroupRules"][0]
    assert made["PrefixListId"] == name and "CidrIpv4" not in made
    refused(
        "InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, **asked
    )
    shown = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert shown["IpPermissions"][0]["PrefixListIds"] == permission["PrefixListIds"]
    used = ec2.get_managed_prefix_list_associations(PrefixListId=name)
    assert [each["ResourceId"] for each in used["PrefixListAssociations"]] == [group]
    refused("DependencyViolation", ec2.delete_managed_prefix_list, PrefixListId=name)
    rules = [
        rule
        for rule in tenant.sdk.network.security_group_rules()
        if rule.direction == "ingress"
    ]
    assert any(rule.remote_address_group_id for rule in rules)
    ec2.revoke_security_group_ingress(**asked)
    ec2.delete_managed_prefix_list(PrefixListId=name)
    missing = {**permission, "PrefixListIds": [{"PrefixListId": name}]}
    refused(
        MISSING, ec2.authorize_security_group_ingress,
        GroupId=group, IpPermissions=[missing],
    )  # fmt: skip
    ec2.delete_security_group(GroupId=group)


def test_a_root_that_is_replaced(tenant: Tenant, image: str, subnet: str) -> None:
    ec2 = tenant.ec2
    one = ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet
    )["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[one])
    order = {
        "InstanceId": one,
        "ClientToken": "again",
        "DeleteReplacedRootVolume": True,
    }
    create = ec2.create_replace_root_volume_task
    refused("UnsupportedOperation", create, InstanceId=one)
    refused("UnsupportedOperation", create, **order, SnapshotId="snap-1")
    task = create(**order)["ReplaceRootVolumeTask"]
    name = task["ReplaceRootVolumeTaskId"]
    assert (task["InstanceId"], task["ImageId"]) == (one, image)
    assert create(**order)["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"] == name
    tenant.wait("instance_running", InstanceIds=[one])
    by_instance = [{"Name": "instance-id", "Values": [one]}]
    for _ in range(60):
        shown = ec2.describe_replace_root_volume_tasks(Filters=by_instance)
        (task,) = shown["ReplaceRootVolumeTasks"]
        if task["TaskState"] != "in-progress":
            break
        time.sleep(0.5)
    assert task["TaskState"] == "succeeded" and task["CompleteTime"]
    ec2.stop_instances(InstanceIds=[one])
    tenant.wait("instance_stopped", InstanceIds=[one])
    late = {"InstanceId": one, "DeleteReplacedRootVolume": True}
    refused("IncorrectInstanceState", create, **late)
    ec2.terminate_instances(InstanceIds=[one])
    refused(
        "InvalidReplaceRootVolumeTaskId.NotFound",
        ec2.describe_replace_root_volume_tasks,
        ReplaceRootVolumeTaskIds=["replacevol-" + "0" * 17],
    )

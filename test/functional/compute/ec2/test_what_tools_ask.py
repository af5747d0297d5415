"""What tools that keep the whole account in order ask and set on their way."""

from __future__ import annotations

from typing import Any

import pytest

from compute.ec2.actions.absent_kinds import KINDS
from compute.ec2.words import RESERVED
from test.functional.compute.ec2.conftest import Tenant
from test.functional.compute.ec2.test_instance_changes import refused

KINDS_BESIDE = ("volume", "network-interface")


def method(client: Any, action: str) -> Any:
    names = client.meta.method_to_api_mapping
    return getattr(client, next(name for name in names if names[name] == action))


def test_kinds_of_which_there_are_none(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    for action, kind in KINDS.items():
        lists = [
            each for each in method(ec2, action)().values() if isinstance(each, list)
        ]
        assert lists == [[] for _ in kind.elements.split()], action
    refused(
        "InvalidVpcEndpointId.NotFound",
        ec2.describe_vpc_endpoints,
        VpcEndpointIds=["vpce-1"],
    )
    refused("InvalidParameterValue", ec2.describe_hosts, MaxResults=5000)


def test_what_holds_for_the_account(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert not ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"]
    state = ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"]
    assert state == "unblocked"
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    defaults = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert defaults["HttpTokens"] == "optional"
    vpcs = [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
    linked = ec2.describe_vpc_classic_link()["Vpcs"]
    assert {each["VpcId"] for each in linked} == set(vpcs)
    named = ec2.describe_vpc_classic_link_dns_support(VpcIds=vpcs[:1])["Vpcs"]
    assert named == [{"VpcId": vpcs[0], "ClassicLinkDnsSupported": False}]


def test_addresses_of_an_interface(tenant: Tenant, subnet: str) -> None:
    ec2 = tenant.ec2
    made = ec2.create_network_interface(
        SubnetId=subnet, SecondaryPrivateIpAddressCount=1, Description="many"
    )["NetworkInterface"]
    name = made["NetworkInterfaceId"]

    def addresses() -> list[str]:
        shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[name])
        places = shown["NetworkInterfaces"][0]["PrivateIpAddresses"]
        return [each["PrivateIpAddress"] for each in places]

    assert len(addresses()) == 2
    assigned = ec2.assign_private_ip_addresses(
        NetworkInterfaceId=name, PrivateIpAddresses=["10.7.0.77"]
    )["AssignedPrivateIpAddresses"]
    assert assigned == [{"PrivateIpAddress": "10.7.0.77"}]
    first = made["PrivateIpAddress"]
    assert "10.7.0.77" in addresses() and addresses()[0] == first
    ec2.unassign_private_ip_addresses(
        NetworkInterfaceId=name, PrivateIpAddresses=["10.7.0.77"]
    )
    assert len(addresses()) == 2
    for wanted in (first, "10.7.0.99"):
        refused(
            "InvalidParameterValue",
            ec2.unassign_private_ip_addresses,
            NetworkInterfaceId=name,
            PrivateIpAddresses=[wanted],
        )
    refused(
        "InvalidIPAddress.InUse",
        ec2.assign_private_ip_addresses,
        NetworkInterfaceId=name,
        PrivateIpAddresses=["10.7.0.1"],
    )
    refused(
        "PrivateIpAddressLimitExceeded",
        ec2.assign_private_ip_addresses,
        NetworkInterfaceId=name,
        SecondaryPrivateIpAddressCount=51,
    )
    shown = ec2.describe_network_interface_attribute(
        NetworkInterfaceId=name, Attribute="description"
    )
    assert shown["Description"]["Value"] == "many"
    ec2.delete_network_interface(NetworkInterfaceId=name)
    address = ec2.allocate_address(Domain="vpc")
    found = ec2.describe_addresses_attribute(
        AllocationIds=[address["AllocationId"]], Attribute="domain-name"
    )["Addresses"]
    assert [each["PublicIp"] for each in found] == [address["PublicIp"]]
    ec2.release_address(AllocationId=address["AllocationId"])


def test_rules_that_are_described_anew(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    group = ec2.create_security_group(GroupName="described", Description="x")["GroupId"]
    rule = ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="192.0.2.0/24"
    )["SecurityGroupRules"][0]
    said = {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "192.0.2.0/24",
        "Description": "ssh",
    }  # fmt: skip

    def change(**more: Any) -> dict[str, Any]:
        each = {
            "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
            "SecurityGroupRule": {**said, **more},
        }
        return {"GroupId": group, "SecurityGroupRules": [each]}

    ec2.modify_security_group_rules(**change())
    shown = ec2.describe_security_group_rules(
        SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
    )["SecurityGroupRules"][0]
    assert shown["Description"] == "ssh"
    modify = ec2.modify_security_group_rules
    # Another rule in its place, which has its id and its tags.
    modify(**change(ToPort=23))
    modify(**change(ToPort=24))
    (shown,) = ec2.describe_security_group_rules(
        SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
    )["SecurityGroupRules"]
    assert (shown["ToPort"], shown["Description"]) == (24, "ssh")
    # Whoever was to replace it died before it was taken away.
    (former,) = tenant.sdk.network.security_group_rules(port_range_max=24)
    successor = tenant.sdk.network.create_security_group_rule(
        security_group_id=former.security_group_id, direction="ingress",
        ether_type="IPv4", protocol="tcp", port_range_min=25, port_range_max=25,
    )  # fmt: skip
    tenant.sdk.network.set_tags(
        successor, [f"{RESERVED}rule={rule['SecurityGroupRuleId']}"]
    )
    modify(**change(ToPort=26))
    there = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    assert [each["ToPort"] for each in there if not each["IsEgress"]] == [26]
    wrong = change(ReferencedGroupId=group)
    refused("InvalidParameterCombination", modify, **wrong)
    ec2.delete_security_group(GroupId=group)


@pytest.fixture(scope="module")
def instance(tenant: Tenant, image: str, subnet: str) -> str:
    """With a volume for its root, and one more."""
    disk = {"VolumeSize": 1, "DeleteOnTermination": True}
    made = tenant.ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet,
        MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"},
        # As Terraform sends it when there is no group.
        Placement={"AvailabilityZone": "", "GroupName": ""},
        BlockDeviceMappings=[
            {"DeviceName": "/dev/vda", "Ebs": disk},
            {"DeviceName": "/dev/vdb", "Ebs": disk},
        ],
        TagSpecifications=[
            {"ResourceType": kind, "Tags": [{"Key": "with", "Value": kind}]}
            for kind in ("instance", "volume", "network-interface")
        ],
    )  # fmt: skip
    name: str = made["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[name])
    return name


def test_what_comes_with_an_instance_has_its_tags(
    tenant: Tenant, instance: str
) -> None:
    ec2 = tenant.ec2
    mine = [{"Name": "attachment.instance-id", "Values": [instance]}]
    volumes = ec2.describe_volumes(Filters=mine)["Volumes"]
    interfaces = ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
    found = [each["Tags"] for each in volumes] + [each["TagSet"] for each in interfaces]
    volume, interface = ({"Key": "with", "Value": kind} for kind in KINDS_BESIDE)
    assert found == [[volume], [volume], [interface]]
    # They were noted on the server, and are not any more.
    uuid = {f"i-{s.id.replace('-', '')[:17]}": s for s in tenant.sdk.compute.servers()}
    noted = [key for key in uuid[instance].metadata if "-tag:" in key]
    assert noted == []
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]
    tags = {tag["Key"]: tag["Value"] for tag in shown["Instances"][0]["Tags"]}
    assert tags["with"] == "instance" and set(tags) == {"Name", "with"}


def test_groups_of_instances_that_are_apart(
    tenant: Tenant, image: str, subnet: str
) -> None:
    ec2 = tenant.ec2
    made = ec2.create_placement_group(GroupName="apart", Strategy="spread")
    assert made["PlacementGroup"]["SpreadLevel"] == "host"
    again = {"GroupName": "apart", "Strategy": "spread"}
    refused("InvalidPlacementGroup.Duplicate", ec2.create_placement_group, **again)
    parts = {"GroupName": "racks", "Strategy": "partition"}
    refused("UnsupportedOperation", ec2.create_placement_group, **parts)
    order = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    elsewhere = {**order, "Placement": {"GroupName": "none"}}
    refused("InvalidPlacementGroup.Unknown", ec2.run_instances, **elsewhere)
    spot = {**order, "InstanceMarketOptions": {"MarketType": "spot"}}
    refused("UnsupportedOperation", ec2.run_instances, **spot)
    ordered = ec2.run_instances(**order, Placement={"GroupName": "apart"})
    (one,) = ordered["Instances"]
    assert one["Placement"]["GroupName"] == "apart"
    delete = ec2.delete_placement_group
    refused("InvalidPlacementGroup.InUse", delete, GroupName="apart")
    ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
    tenant.wait("instance_terminated", InstanceIds=[one["InstanceId"]])
    delete(GroupName="apart")
    shown = ec2.describe_placement_groups()["PlacementGroups"]
    assert shown == []


def test_options_of_an_instance(tenant: Tenant, instance: str) -> None:
    ec2 = tenant.ec2
    modify = ec2.modify_instance_metadata_options
    wanted = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    options = modify(InstanceId=instance, **wanted)["InstanceMetadataOptions"]
    assert options["State"] == "applied" and options.items() >= wanted.items()
    for wrong in ({"HttpTokens": "sometimes"}, {"HttpPutResponseHopLimit": 65}):
        refused("InvalidParameterValue", modify, InstanceId=instance, **wrong)
    refused(
        "UnsupportedOperation", modify, InstanceId=instance, HttpProtocolIpv6="enabled"
    )
    watched = ec2.unmonitor_instances(InstanceIds=[instance])["InstanceMonitorings"]
    assert watched[0]["Monitoring"]["State"] == "disabled"
    refused("UnsupportedOperation", ec2.monitor_instances, InstanceIds=[instance])
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]
    assert shown["Instances"][0]["CpuOptions"]["CoreCount"] == 1
    assert shown["Instances"][0]["MetadataOptions"].items() >= wanted.items()


def test_volumes_that_shall_stay(tenant: Tenant, instance: str) -> None:
    ec2, modify = tenant.ec2, tenant.ec2.modify_instance_attribute

    def ends() -> dict[str, bool]:
        shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]
        disks = shown["Instances"][0]["BlockDeviceMappings"]
        return {
            each["DeviceName"]: each["Ebs"]["DeleteOnTermination"] for each in disks
        }

    def said(device: str, value: bool) -> dict[str, Any]:
        disk = {"DeviceName": device, "Ebs": {"DeleteOnTermination": value}}
        return {"InstanceId": instance, "BlockDeviceMappings": [disk]}

    assert ends() == {"/dev/vda": True, "/dev/vdb": True}
    modify(**said("/dev/vdb", False))
    assert ends() == {"/dev/vda": True, "/dev/vdb": False}
    modify(**said("/dev/vdb", True))
    assert ends() == {"/dev/vda": True, "/dev/vdb": True}
    refused("InvalidInstanceAttributeValue", modify, **said("/dev/vdz", True))
    # In the other form, which is older.
    modify(InstanceId=instance, Attribute="sourceDestCheck", Value="false")
    ec2.reset_instance_attribute(InstanceId=instance, Attribute="sourceDestCheck")
    checked = ec2.describe_instance_attribute(
        InstanceId=instance, Attribute="sourceDestCheck"
    )
    assert checked["SourceDestCheck"]["Value"] is True
    wrong = {"InstanceId": instance, "Attribute": "kernel", "Value": "x"}
    refused("InvalidParameterValue", modify, **wrong)


def test_snapshots_of_an_instance(tenant: Tenant, instance: str) -> None:
    ec2 = tenant.ec2
    attached = [{"Name": "attachment.instance-id", "Values": [instance]}]
    volumes = {
        each["VolumeId"]: each["Attachments"][0]["Device"]
        for each in ec2.describe_volumes(Filters=attached)["Volumes"]
    }
    data = next(name for name in volumes if volumes[name] == "/dev/vdb")
    ec2.create_tags(Resources=[data], Tags=[{"Key": "a", "Value": "b"}])
    made = ec2.create_snapshots(
        InstanceSpecification={"InstanceId": instance}, CopyTagsFromSource="volume"
    )["Snapshots"]
    assert {each["VolumeId"] for each in made} == set(volumes)
    tags = {each["VolumeId"]: each.get("Tags", []) for each in made}
    assert {"Key": "a", "Value": "b"} in tags[data]
    names = [each["SnapshotId"] for each in made]
    tenant.wait("snapshot_completed", SnapshotIds=names)
    nobody = ec2.describe_snapshot_attribute(
        SnapshotId=names[0], Attribute="createVolumePermission"
    )
    assert nobody["CreateVolumePermissions"] == []
    for name in names:
        ec2.delete_snapshot(SnapshotId=name)
    most = {"InstanceId": instance, "ExcludeDataVolumeIds": [data]}
    refused(
        "InvalidParameterValue",
        ec2.create_snapshots,
        InstanceSpecification={**most, "ExcludeBootVolume": True},
    )
    _all_or_none(tenant, instance)
    enabled = ec2.describe_volume_attribute(VolumeId=data, Attribute="autoEnableIO")
    assert enabled["AutoEnableIO"]["Value"] is False
    ec2.modify_volume_attribute(VolumeId=data, AutoEnableIO={"Value": False})


def _all_or_none(tenant: Tenant, instance: str) -> None:
    path = f"/os-quota-sets/{tenant.project}"
    volumes = tenant.cloud.sdk().block_storage
    before = volumes.get(path).json()["quota_set"]["snapshots"]
    volumes.put(path, json={"quota_set": {"snapshots": 1}})
    refused(
        "SnapshotLimitExceeded",
        tenant.ec2.create_snapshots,
        InstanceSpecification={"InstanceId": instance},
    )
    volumes.put(path, json={"quota_set": {"snapshots": before}})
    names = [each.name for each in tenant.sdk.block_storage.snapshots()]
    assert not names


def test_an_image_is_copied(tenant: Tenant, image: str) -> None:
    ec2 = tenant.ec2
    order = {
        "SourceImageId": image,
        "SourceRegion": "RegionOne",
        "Name": "copied",
        "Description": "of tiny",
        "ClientToken": "copy-1",
        "TagSpecifications": [
            {"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}
        ],
    }
    name = ec2.copy_image(**order)["ImageId"]
    assert ec2.copy_image(**order)["ImageId"] == name != image
    tenant.wait("image_available", ImageIds=[name])
    shown = ec2.describe_images(ImageIds=[name])["Images"][0]
    assert shown["Tags"] == [{"Key": "a", "Value": "b"}] and not shown["Public"]
    assert shown["OwnerId"] == tenant.project and shown["Description"] == "of tiny"
    by_id = {f"ami-{i.id.replace('-', '')[:17]}": i for i in tenant.sdk.image.images()}
    assert by_id[name].hash_value == by_id[image].hash_value
    refused("InvalidAMIName.Duplicate", ec2.copy_image, **{**order, "ClientToken": "2"})
    refused(
        "InvalidParameterValue",
        ec2.copy_image,
        **{**order, "SourceRegion": "us-east-1", "ClientToken": "3"},
    )
    refused(
        "InvalidAMIID.NotFound",
        ec2.copy_image,
        **{**order, "SourceImageId": "ami-0123456789abcdef0", "ClientToken": "4"},
    )
    ec2.deregister_image(ImageId=name)
    _goes_on_with_a_copy(tenant, {**order, "ClientToken": "killed"})


def _goes_on_with_a_copy(tenant: Tenant, order: dict[str, Any]) -> None:
    """Whoever was to copy was killed when he had made the image, and no more."""
    made = tenant.sdk.image.create_image(
        "killed", disk_format="qcow2", container_format="bare",
        tags=[f"{RESERVED}client-token={order['ClientToken']}"],
    )  # fmt: skip
    name = tenant.ec2.copy_image(**order)["ImageId"]
    assert name == f"ami-{made.id.replace('-', '')[:17]}"
    tenant.wait("image_available", ImageIds=[name])
    assert tenant.ec2.copy_image(**order)["ImageId"] == name
    tenant.ec2.deregister_image(ImageId=name)


def test_terms_of_an_image(tenant: Tenant, instance: str) -> None:
    ec2 = tenant.ec2
    image = ec2.create_image(InstanceId=instance, Name="terms")["ImageId"]

    def shown(**more: Any) -> dict[str, Any]:
        return dict(ec2.describe_images(ImageIds=[image], **more)["Images"][0])

    at = "2020-01-01T00:00:00.000Z"
    ec2.enable_image_deprecation(ImageId=image, DeprecateAt=at)
    assert shown()["DeprecationTime"] == at
    # Whose it is sees it still, and it is no tag.
    assert ec2.describe_images(Owners=["self"])["Images"] and not shown().get("Tags")
    ec2.disable_image_deprecation(ImageId=image)
    assert "DeprecationTime" not in shown()
    assert shown()["DeregistrationProtection"] == "disabled"
    ec2.enable_image_deregistration_protection(ImageId=image)
    refused("OperationNotPermitted", ec2.deregister_image, ImageId=image)
    ec2.disable_image_deregistration_protection(ImageId=image)
    ec2.reset_image_attribute(ImageId=image, Attribute="launchPermission")
    tenant.wait("image_available", ImageIds=[image])
    ec2.deregister_image(ImageId=image)
    ec2.terminate_instances(InstanceIds=[instance])
    tenant.wait("instance_terminated", InstanceIds=[instance])


def test_what_nobody_can_set(tenant: Tenant) -> None:
    """What is so anyway may be asked for; what cannot be had says why."""
    ec2 = tenant.ec2
    assert ec2.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert ec2.disable_serial_console_access()["SerialConsoleAccessEnabled"] is False
    blocked = ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert blocked["State"] == "block-all-sharing"
    open_ = ec2.disable_image_block_public_access()["ImageBlockPublicAccessState"]
    assert open_ == "unblocked"
    for action, given in (
        ("enable_ebs_encryption_by_default", {}),
        ("enable_serial_console_access", {}),
        ("disable_snapshot_block_public_access", {}),
        ("enable_snapshot_block_public_access", {"State": "block-new-sharing"}),
        (
            "enable_image_block_public_access",
            {"ImageBlockPublicAccessState": "block-new-sharing"},
        ),
        ("get_console_screenshot", {"InstanceId": "i-0"}),
        ("create_egress_only_internet_gateway", {"VpcId": "vpc-0"}),
    ):
        refused("UnsupportedOperation", getattr(ec2, action), **given)

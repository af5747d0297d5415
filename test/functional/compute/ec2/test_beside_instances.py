"""What instances are used with: keys, groups, addresses, volumes, tags, places."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_ssh_private_key,
)

from compute.ec2.words import RESERVED
from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_instances import code, instances


@pytest.mark.parametrize(
    ("kind", "load"), [("rsa", load_pem_private_key), ("ed25519", load_ssh_private_key)]
)
def test_key_pairs(tenant: Tenant, kind: str, load: Any) -> None:
    ec2, name = tenant.ec2, f"key-{kind}"
    made = ec2.create_key_pair(KeyName=name, KeyType=kind)
    load(made["KeyMaterial"].encode(), password=None)
    shown = ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)["KeyPairs"][
        0
    ]
    assert shown["KeyPairId"] == made["KeyPairId"] and shown["KeyType"] == kind
    public = shown["PublicKey"]
    with pytest.raises(ClientError) as caught:
        ec2.create_key_pair(KeyName=name)
    assert code(caught) == "InvalidKeyPair.Duplicate"
    of_it = [{"Name": "resource-id", "Values": [made["KeyPairId"]]}]
    ec2.create_tags(Resources=[made["KeyPairId"]], Tags=[{"Key": "a", "Value": "b"}])
    assert len(ec2.describe_tags(Filters=of_it)["Tags"]) == 1
    by_tag = [{"Name": "tag:a", "Values": ["b"]}]
    assert len(ec2.describe_key_pairs(Filters=by_tag)["KeyPairs"]) == 1
    ec2.delete_tags(Resources=[made["KeyPairId"]], Tags=[{"Key": "a"}])
    assert ec2.describe_tags(Filters=of_it)["Tags"] == []
    ec2.create_tags(Resources=[made["KeyPairId"]], Tags=[{"Key": "a", "Value": "b"}])
    ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    tagged = ec2.create_key_pair(
        KeyName=name, KeyType=kind,
        TagSpecifications=[{
            "ResourceType": "key-pair", "Tags": [{"Key": "c", "Value": "d"}],
        }],
    )  # fmt: skip
    # Another key of the same name has none of the first one's.
    assert tagged["Tags"] == [{"Key": "c", "Value": "d"}]
    shown = ec2.describe_key_pairs(KeyNames=[name])["KeyPairs"][0]
    assert shown["Tags"] == tagged["Tags"]
    ec2.delete_key_pair(KeyName=name)
    brought = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=public.encode())
    assert brought["KeyFingerprint"] == made["KeyFingerprint"]
    assert not ec2.describe_key_pairs(KeyNames=[name])["KeyPairs"][0]["Tags"]
    ec2.delete_key_pair(KeyName=name)
    ec2.delete_key_pair(KeyName=name)
    with pytest.raises(ClientError) as caught:
        ec2.describe_key_pairs(KeyNames=[name])
    assert code(caught) == "InvalidKeyPair.NotFound"
    with pytest.raises(ClientError) as caught:
        ec2.import_key_pair(KeyName=name, PublicKeyMaterial=b"no key")
    assert code(caught) == "InvalidKey.Format"


def test_security_groups(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    group = ec2.create_security_group(
        GroupName="doors", Description="of the house",
        TagSpecifications=[{
            "ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}],
        }],
    )["GroupId"]  # fmt: skip
    ssh = {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "ssh"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
    }  # fmt: skip
    ping = {
        "IpProtocol": "icmp", "FromPort": -1, "ToPort": -1,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }  # fmt: skip
    each_other = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    rules = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[ssh, ping, each_other]
    )["SecurityGroupRules"]
    assert len(rules) == 4

    def shown() -> dict[str, Any]:
        found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return dict(found[0])

    permissions = {each["IpProtocol"]: each for each in shown()["IpPermissions"]}
    assert permissions["tcp"]["IpRanges"] == ssh["IpRanges"]
    assert permissions["tcp"]["Ipv6Ranges"] == ssh["Ipv6Ranges"]
    assert (permissions["icmp"]["FromPort"], permissions["icmp"]["ToPort"]) == (-1, -1)
    assert permissions["-1"]["UserIdGroupPairs"][0]["GroupId"] == group
    assert shown()["Tags"] == [{"Key": "a", "Value": "b"}]
    # What is shown can be given back: so do tools that keep rules as they should be.
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    assert code(caught) == "InvalidPermission.Duplicate"
    ec2.revoke_security_group_ingress(
        GroupId=group, IpPermissions=shown()["IpPermissions"]
    )
    ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=shown()["IpPermissionsEgress"]
    )
    assert shown()["IpPermissions"] == [] and shown()["IpPermissionsEgress"] == []
    with pytest.raises(ClientError) as caught:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[ping])
    assert code(caught) == "InvalidPermission.NotFound"
    one = ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="udp", FromPort=53, ToPort=53, CidrIp="10.0.0.0/8"
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[one])
    found = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )
    assert found["SecurityGroupRules"] == []
    with pytest.raises(ClientError) as caught:
        ec2.create_security_group(GroupName="doors", Description="again")
    assert code(caught) == "InvalidGroup.Duplicate"
    ec2.delete_security_group(GroupName="doors")
    with pytest.raises(ClientError) as caught:
        ec2.describe_security_groups(GroupIds=[group])
    assert code(caught) == "InvalidGroup.NotFound"


def test_rules_have_tags_and_descriptions(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    group = ec2.create_security_group(GroupName="told", Description="x")["GroupId"]
    ssh = {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "before"}],
    }  # fmt: skip
    tags = [{"Key": "team", "Value": "red"}]
    made = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[ssh],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": tags}],
    )["SecurityGroupRules"][0]  # fmt: skip
    rule = made["SecurityGroupRuleId"]
    assert made["Tags"] == tags
    filters = [{"Name": "tag:team", "Values": ["red"]}]

    def shown() -> dict[str, Any]:
        found = ec2.describe_security_group_rules(Filters=filters)
        return dict(found["SecurityGroupRules"][0])

    assert shown()["Description"] == "before"
    ssh["IpRanges"] = [{"CidrIp": "192.0.2.0/24", "Description": "after"}]
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, IpPermissions=[ssh]
    )
    assert shown()["Description"] == "after" and shown()["SecurityGroupRuleId"] == rule
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group,
        SecurityGroupRuleDescriptions=[
            {"SecurityGroupRuleId": rule, "Description": "last"}
        ],
    )
    assert shown()["Description"] == "last"
    ec2.delete_tags(Resources=[rule])
    assert not ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    ec2.delete_security_group(GroupId=group)


def test_addresses_and_interfaces(tenant: Tenant, image: str, subnet: str) -> None:
    ec2 = tenant.ec2
    name = ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet
    )["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[name])
    address = ec2.allocate_address(Domain="vpc")
    allocation = address["AllocationId"]
    associated = ec2.associate_address(AllocationId=allocation, InstanceId=name)
    one = instances(ec2.describe_instances(InstanceIds=[name]))[0]
    assert one["PublicIpAddress"] == address["PublicIp"]
    shown = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
    assert shown["InstanceId"] == name
    assert shown["PrivateIpAddress"] == one["PrivateIpAddress"]
    with pytest.raises(ClientError) as caught:
        ec2.release_address(AllocationId=allocation)
    assert code(caught) == "InvalidIPAddress.InUse"
    ec2.disassociate_address(AssociationId=associated["AssociationId"])
    ec2.release_address(AllocationId=allocation)
    with pytest.raises(ClientError) as caught:
        ec2.describe_addresses(AllocationIds=[allocation])
    assert code(caught) == "InvalidAllocationID.NotFound"

    interface = ec2.create_network_interface(
        SubnetId=subnet, Description="second", PrivateIpAddress="10.7.0.99"
    )["NetworkInterface"]
    assert interface["Status"] == "available"
    second = interface["NetworkInterfaceId"]
    attachment = ec2.attach_network_interface(
        NetworkInterfaceId=second, InstanceId=name, DeviceIndex=1
    )["AttachmentId"]
    found = instances(ec2.describe_instances(InstanceIds=[name]))[0]
    assert "10.7.0.99" in {
        each["PrivateIpAddress"] for each in found["NetworkInterfaces"]
    }
    assert {
        each["PrivateIpAddress"]: each["Attachment"]["DeleteOnTermination"]
        for each in found["NetworkInterfaces"]
    } == {one["PrivateIpAddress"]: True, "10.7.0.99": False}
    # So does one that OpenStack's user made and brought, also after the server.
    network = tenant.sdk.network
    port = network.create_port(network_id=network.find_network("inner").id)
    (server,) = tenant.sdk.compute.servers()
    tenant.sdk.compute.create_server_interface(server, port_id=port.id)
    found = instances(ec2.describe_instances(InstanceIds=[name]))[0]
    assert {
        each["PrivateIpAddress"]: each["Attachment"]["DeleteOnTermination"]
        for each in found["NetworkInterfaces"]
    }[port.fixed_ips[0]["ip_address"]] is False
    assert not any(key.startswith("ringstack") for key in server.to_dict())
    tenant.sdk.compute.delete_server_interface(port.id, server=server)
    network.delete_port(port)
    with pytest.raises(ClientError) as caught:
        ec2.delete_network_interface(NetworkInterfaceId=second)
    assert code(caught) == "InvalidNetworkInterface.InUse"
    ec2.detach_network_interface(AttachmentId=attachment)
    tenant.wait("network_interface_available", NetworkInterfaceIds=[second])
    by_attachment = [{"Name": "attachment.attachment-id", "Values": [attachment]}]
    gone = ec2.describe_network_interfaces(Filters=by_attachment)["NetworkInterfaces"]
    assert [each["Attachment"]["Status"] for each in gone] == ["detached"]
    # Words that another program writes are no moment of ours.
    for rubbish in ("\u00b2", "9" * 40):
        (port,) = tenant.sdk.network.ports(fixed_ips="ip_address=10.7.0.99")
        tenant.sdk.network.set_tags(port, [f"{RESERVED}detached={rubbish}"])
        shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[second])
        assert "Attachment" not in shown["NetworkInterfaces"][0]
    ec2.delete_network_interface(NetworkInterfaceId=second)
    ec2.terminate_instances(InstanceIds=[name])


def test_volumes_and_snapshots(tenant: Tenant, image: str, subnet: str) -> None:
    ec2 = tenant.ec2
    name = ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet
    )["Instances"][0]["InstanceId"]
    volume = ec2.create_volume(
        Size=1, AvailabilityZone="nova", VolumeType="gp2",
        TagSpecifications=[{
            "ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "data"}],
        }],
    )["VolumeId"]  # fmt: skip
    tenant.wait("volume_available", VolumeIds=[volume])
    tenant.wait("instance_running", InstanceIds=[name])
    ec2.attach_volume(VolumeId=volume, InstanceId=name, Device="/dev/sdh")
    tenant.wait("volume_in_use", VolumeIds=[volume])
    with pytest.raises(ClientError) as caught:
        ec2.delete_volume(VolumeId=volume)
    assert code(caught) == "VolumeInUse"
    filters = [{"Name": "attachment.instance-id", "Values": [name]}]
    shown = ec2.describe_volumes(Filters=filters)["Volumes"]
    assert [each["VolumeId"] for each in shown] == [volume]
    assert shown[0]["Tags"] == [{"Key": "Name", "Value": "data"}]

    snapshot = ec2.create_snapshot(VolumeId=volume, Description="before")["SnapshotId"]
    tenant.wait("snapshot_completed", SnapshotIds=[snapshot])
    copy = ec2.create_volume(SnapshotId=snapshot, AvailabilityZone="nova")
    tenant.wait("volume_available", VolumeIds=[copy["VolumeId"]])
    assert ec2.modify_volume(VolumeId=copy["VolumeId"], Size=2)
    tenant.wait("volume_available", VolumeIds=[copy["VolumeId"]])

    tenant.wait("volume_in_use", VolumeIds=[volume])
    ec2.detach_volume(VolumeId=volume)
    tenant.wait("volume_available", VolumeIds=[volume, copy["VolumeId"]])
    with pytest.raises(ClientError) as caught:
        ec2.detach_volume(VolumeId=volume)
    assert code(caught) == "IncorrectState"
    ec2.delete_volume(VolumeId=copy["VolumeId"])
    tenant.wait("volume_deleted", VolumeIds=[copy["VolumeId"]])
    ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.terminate_instances(InstanceIds=[name])
    with pytest.raises(ClientError) as caught:
        ec2.create_volume(Size=1, AvailabilityZone="nova", VolumeType="none-such")
    assert code(caught) == "InvalidParameterValue"


def test_tags_are_where_openstack_keeps_them(tenant: Tenant) -> None:
    ec2 = tenant.ec2
    group = ec2.create_security_group(GroupName="tags", Description="x")["GroupId"]
    volume = ec2.create_volume(Size=1, AvailabilityZone="nova")["VolumeId"]
    both = [group, volume]
    ec2.create_tags(Resources=both, Tags=[{"Key": "team", "Value": "red"}])
    ec2.create_tags(
        Resources=both, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "empty"}]
    )
    ec2.create_tags(Resources=[volume], Tags=[{"Key": "Name", "Value": "renamed"}])
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": both}])["Tags"]
    assert {(each["ResourceId"], each["Key"], each["Value"]) for each in found} == {
        (group, "team", "blue"),
        (group, "empty", ""),
        (volume, "team", "blue"),
        (volume, "empty", ""),
        (volume, "Name", "renamed"),
    }
    kept = next(each for each in tenant.sdk.block_storage.volumes() if each.name)
    assert kept.name == "renamed" and kept.metadata["team"] == "blue"
    ec2.delete_tags(Resources=both, Tags=[{"Key": "team", "Value": "red"}])
    ec2.delete_tags(Resources=both, Tags=[{"Key": "team", "Value": "blue"}])
    ec2.delete_tags(Resources=[group])
    left = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": both}])["Tags"]
    assert {(each["ResourceId"], each["Key"]) for each in left} == {
        (volume, "empty"),
        (volume, "Name"),
    }
    with pytest.raises(ClientError) as caught:
        ec2.create_tags(Resources=["x-123"], Tags=[{"Key": "a", "Value": "b"}])
    assert code(caught) == "InvalidID"
    tenant.wait("volume_available", VolumeIds=[volume])
    ec2.delete_volume(VolumeId=volume)
    ec2.delete_security_group(GroupId=group)


def test_places(tenant: Tenant, subnet: str) -> None:
    ec2 = tenant.ec2
    assert [each["RegionName"] for each in ec2.describe_regions()["Regions"]] == [
        "RegionOne"
    ]
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [each["ZoneName"] for each in zones] == ["nova"]
    types = ec2.describe_instance_types(InstanceTypes=["m1.large"])["InstanceTypes"]
    assert types[0]["MemoryInfo"]["SizeInMiB"] == 1024
    assert types[0]["VCpuInfo"]["DefaultVCpus"] == 2
    offers = ec2.describe_instance_type_offerings(LocationType="availability-zone")
    assert {each["Location"] for each in offers["InstanceTypeOfferings"]} == {"nova"}
    vpcs = ec2.describe_vpcs()["Vpcs"]
    assert [each["IsDefault"] for each in vpcs].count(True) == 1
    own = next(each for each in vpcs if each["CidrBlock"] == "10.7.0.0/24")
    assert own["Tags"] == [{"Key": "Name", "Value": "door"}]
    inside = ec2.describe_subnets(
        Filters=[{"Name": "vpc-id", "Values": [own["VpcId"]]}]
    )["Subnets"]
    assert [each["SubnetId"] for each in inside] == [subnet]
    assert 200 < inside[0]["AvailableIpAddressCount"] < 254
    attributes = ec2.describe_account_attributes(AttributeNames=["max-instances"])
    values = attributes["AccountAttributes"][0]["AttributeValues"]
    assert int(values[0]["AttributeValue"]) > 0


def test_what_others_have_is_not_there(
    ec2_cloud: Ec2Cloud, tenant: Tenant, subnet: str
) -> None:
    other = ec2_cloud.tenant("bob").ec2
    mine = tenant.ec2.create_security_group(GroupName="mine", Description="x")
    volume = tenant.ec2.create_volume(Size=1, AvailabilityZone="nova")["VolumeId"]
    for call, expected in (
        (lambda: other.describe_volumes(VolumeIds=[volume]), "InvalidVolume.NotFound"),
        (lambda: other.delete_volume(VolumeId=volume), "InvalidVolume.NotFound"),
        (
            lambda: other.create_tags(
                Resources=[volume], Tags=[{"Key": "a", "Value": "b"}]
            ),
            "InvalidVolume.NotFound",
        ),
        (
            lambda: other.delete_security_group(GroupId=mine["GroupId"]),
            "InvalidGroup.NotFound",
        ),
        (
            lambda: other.create_network_interface(SubnetId=subnet),
            "InvalidSubnetID.NotFound",
        ),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert code(caught) == expected
    assert other.describe_volumes()["Volumes"] == []
    tenant.wait("volume_available", VolumeIds=[volume])
    tenant.ec2.delete_volume(VolumeId=volume)
    tenant.ec2.delete_security_group(GroupId=mine["GroupId"])


def test_who_may_not(tenant: Tenant) -> None:
    for changes, expected in (
        ({"aws_secret_access_key": "wrong"}, "AuthFailure"),
        ({"aws_access_key_id": "nobody"}, "AuthFailure"),
    ):
        with pytest.raises(ClientError) as caught:
            tenant.client(**changes).describe_regions()
        assert code(caught) == expected


@pytest.mark.parametrize(
    ("method", "body", "status", "expected"),
    [
        (
            "POST",
            urlencode({"Action": "DescribeRegions"}),
            400,
            "MissingAuthentication",
        ),
        ("POST", "", 400, "MissingAction"),
        ("POST", "%ff%fe=1", 400, "MalformedQueryString"),
        ("POST", "Action", 400, "MalformedQueryString"),
        ("PUT", "Action=DescribeRegions", 400, "InvalidAction"),
        ("POST", "Action=x&AWSAccessKeyId=a&Signature=b", 401, "AuthFailure"),
    ],
)
def test_garbage(
    tenant: Tenant, method: str, body: str, status: int, expected: str
) -> None:
    connection = http.client.HTTPConnection(
        "127.0.0.1", tenant.cloud.place.plan.port, timeout=30
    )
    connection.request(
        method, "/ec2", body, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert (answer.status, expected in text) == (status, True), text


def test_actions_that_are_not_there(tenant: Tenant) -> None:
    with pytest.raises(ClientError) as caught:
        tenant.ec2.create_vpn_gateway(Type="ipsec.1")
    assert code(caught) == "InvalidAction"

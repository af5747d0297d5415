"""What tools built upon boto3 take for granted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from test.functional.compute.ec2.conftest import Tenant
from test.functional.compute.ec2.test_instances import instances


def test_who_asks(tenant: Tenant) -> None:
    sts = boto3.client(
        "sts",
        endpoint_url=f"{tenant.cloud.url}/ec2",
        region_name="RegionOne",
        aws_access_key_id=tenant.access,
        aws_secret_access_key=tenant.secret,
    )
    told = sts.get_caller_identity()
    assert told["Account"] == tenant.project
    assert told["Arn"] == f"arn:aws:iam::{tenant.project}:user/{told['UserId']}"


def test_a_group_is_found_in_each_vpc(tenant: Tenant, subnet: str) -> None:
    ec2 = tenant.ec2
    vpcs = [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
    assert len(vpcs) == 2
    for vpc in vpcs:
        wanted = {"group-name": "default", "vpc-id": vpc}
        filters = [{"Name": key, "Values": [value]} for key, value in wanted.items()]
        assert len(ec2.describe_security_groups(Filters=filters)["SecurityGroups"]) == 1
    other = [{"Name": "vpc-id", "Values": ["vpc-0"]}]
    assert ec2.describe_security_groups(Filters=other)["SecurityGroups"] == []


def test_an_instance_keeps_its_place_in_its_order(
    tenant: Tenant, image: str, subnet: str
) -> None:
    ec2 = tenant.ec2
    # Tags for volumes, as Ansible sends them whether there will be any or not.
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "v"}]}]
    ordered = ec2.run_instances(
        ImageId=image, MinCount=2, MaxCount=2, SubnetId=subnet, TagSpecifications=tags
    )["Instances"]  # fmt: skip
    for number, each in enumerate(ordered):
        name = each["InstanceId"]
        alone: dict[str, Any] = instances(ec2.describe_instances(InstanceIds=[name]))[0]
        assert alone["AmiLaunchIndex"] == each["AmiLaunchIndex"] == number
    ec2.terminate_instances(InstanceIds=[each["InstanceId"] for each in ordered])


def test_an_order_that_overtakes_itself_is_one_order(
    tenant: Tenant, image: str, subnet: str
) -> None:
    def order(_: int) -> str:
        made = tenant.ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, ClientToken="again"
        )
        return str(made["Instances"][0]["InstanceId"])

    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(order, range(4)))
    assert len(names) == 1
    tenant.ec2.terminate_instances(InstanceIds=list(names))


def test_interfaces_are_in_the_order_that_was_wanted(
    tenant: Tenant, image: str, subnet: str
) -> None:
    ec2, network = tenant.ec2, tenant.sdk.network.create_network(name="second")
    tenant.sdk.network.create_subnet(
        network_id=network.id, ip_version=4, cidr="10.8.0.0/24"
    )
    own = [{"Name": "cidr-block", "Values": ["10.8.0.0/24"]}]
    other = ec2.describe_subnets(Filters=own)["Subnets"][0]["SubnetId"]
    for subnets in ([subnet, other], [other, subnet]):
        wanted = [
            {"DeviceIndex": number, "SubnetId": each}
            for number, each in enumerate(subnets)
        ]
        ordered = ec2.run_instances(
            ImageId=image, MinCount=2, MaxCount=2, NetworkInterfaces=wanted
        )["Instances"]  # fmt: skip
        names = [each["InstanceId"] for each in ordered]
        tenant.wait("instance_running", InstanceIds=names)
        for each in instances(ec2.describe_instances(InstanceIds=names)):
            assert each["SubnetId"] == subnets[0]
            found = {
                interface["Attachment"]["DeviceIndex"]: interface["SubnetId"]
                for interface in each["NetworkInterfaces"]
            }
            assert [found[0], found[1]] == subnets
        ec2.terminate_instances(InstanceIds=names)


def test_an_image_has_no_product_codes(tenant: Tenant, image: str) -> None:
    told = tenant.ec2.describe_image_attribute(ImageId=image, Attribute="productCodes")
    assert told["ProductCodes"] == []

"""Instances by boto3: from an image to nothing, and what is said of them meanwhile."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def instances(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for part in answer["Reservations"] for each in part["Instances"]]


def named(name: str, **more: str) -> list[dict[str, Any]]:
    tags = [
        {"Key": key, "Value": value} for key, value in {"Name": name, **more}.items()
    ]
    return [{"ResourceType": "instance", "Tags": tags}]


def test_the_life_of_two_instances(tenant: Tenant, image: str, subnet: str) -> None:
    ec2 = tenant.ec2
    ec2.create_key_pair(KeyName="life")
    group = ec2.create_security_group(GroupName="life", Description="of these")
    ordered = ec2.run_instances(
        ImageId=image,
        InstanceType="m1.small",
        MinCount=2,
        MaxCount=2,
        KeyName="life",
        SubnetId=subnet,
        SecurityGroupIds=[group["GroupId"]],
        UserData="#!/bin/sh\necho hello\n",
        TagSpecifications=named("web", env="test"),
    )
    names = [each["InstanceId"] for each in ordered["Instances"]]
    assert len(set(names)) == 2
    assert {each["State"]["Name"] for each in ordered["Instances"]} == {"pending"}
    tenant.wait("instance_running", InstanceIds=names)

    answer = ec2.describe_instances(InstanceIds=names)
    assert [part["ReservationId"] for part in answer["Reservations"]] == [
        ordered["ReservationId"]
    ]
    one = instances(answer)[0]
    assert one["ImageId"] == image and one["InstanceType"] == "m1.small"
    assert one["KeyName"] == "life" and one["SubnetId"] == subnet
    assert one["PrivateIpAddress"].startswith("10.7.0.")
    assert [each["GroupName"] for each in one["SecurityGroups"]] == ["life"]
    tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
    assert tags["env"] == "test" and tags["Name"].startswith("web")
    # The server that OpenStack's client sees is the same one.
    server = next(
        each
        for each in tenant.sdk.compute.servers()
        if each.id.replace("-", "").startswith(one["InstanceId"].removeprefix("i-"))
    )
    assert server.status == "ACTIVE" and server.metadata["env"] == "test"

    status = ec2.describe_instance_status(InstanceIds=names)["InstanceStatuses"]
    assert {each["InstanceStatus"]["Status"] for each in status} == {"ok"}
    output = ec2.get_console_output(InstanceId=names[0])["Output"]
    assert "login" in output

    stopping = ec2.stop_instances(InstanceIds=names)["StoppingInstances"]
    assert {each["PreviousState"]["Name"] for each in stopping} == {"running"}
    tenant.wait("instance_stopped", InstanceIds=names)
    assert not ec2.describe_instance_status(InstanceIds=names)["InstanceStatuses"]
    again = ec2.stop_instances(InstanceIds=names)["StoppingInstances"]
    assert {each["CurrentState"]["Name"] for each in again} == {"stopped"}
    ec2.start_instances(InstanceIds=names)
    tenant.wait("instance_running", InstanceIds=names)
    ec2.reboot_instances(InstanceIds=names)
    tenant.wait("instance_running", InstanceIds=names)

    ec2.terminate_instances(InstanceIds=names)
    tenant.wait("instance_terminated", InstanceIds=names)
    gone = instances(ec2.describe_instances(InstanceIds=names))
    assert {each["State"]["Name"] for each in gone} == {"terminated"}
    with pytest.raises(ClientError) as caught:
        ec2.start_instances(InstanceIds=names)
    assert code(caught) == "IncorrectInstanceState"
    ec2.delete_security_group(GroupId=group["GroupId"])
    ec2.delete_key_pair(KeyName="life")


def test_instances_are_filtered_and_paged(
    tenant: Tenant, image: str, subnet: str
) -> None:
    ec2 = tenant.ec2
    found = []
    for name in ("page-a", "page-b", "other"):
        answer = ec2.run_instances(
            ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1,
            SubnetId=subnet, TagSpecifications=named(name, team="pages"),
        )  # fmt: skip
        found.append(answer["Instances"][0]["InstanceId"])
    tenant.wait("instance_running", InstanceIds=found)

    def ids(*filters: tuple[str, list[str]]) -> set[str]:
        given = [{"Name": name, "Values": values} for name, values in filters]
        answer = ec2.describe_instances(Filters=given)
        return {each["InstanceId"] for each in instances(answer)}

    team = ("tag:team", ["pages"])
    running = ("instance-state-name", ["running"])
    assert ids(team) == set(found)
    assert ids(team, ("tag:Name", ["page-?"]), running) == set(found[:2])
    assert ids(team, ("tag:Name", ["page-*", "other"])) == set(found)
    assert ids(team, ("instance-state-name", ["stopped"])) == set()
    assert ids(team, ("subnet-id", [subnet]), ("instance-id", [found[2]])) == {found[2]}
    with pytest.raises(ClientError) as caught:
        ids(("no-such-filter", ["x"]))
    assert code(caught) == "InvalidParameterValue"
    pages = ec2.get_paginator("describe_instances").paginate(
        Filters=[{"Name": "tag:team", "Values": ["pages"]}],
        PaginationConfig={"PageSize": 5},
    )
    assert {each["InstanceId"] for page in pages for each in instances(page)} == set(
        found
    )
    ec2.terminate_instances(InstanceIds=found)
    tenant.wait("instance_terminated", InstanceIds=found)


def test_an_order_that_is_repeated_is_one_order(
    tenant: Tenant, image: str, subnet: str
) -> None:
    order = {
        "ImageId": image, "InstanceType": "m1.small", "MinCount": 1, "MaxCount": 1,
        "SubnetId": subnet, "ClientToken": "once",
    }  # fmt: skip
    first = tenant.ec2.run_instances(**order)
    second = tenant.ec2.run_instances(**order)
    assert first["ReservationId"] == second["ReservationId"]
    name = first["Instances"][0]["InstanceId"]
    assert second["Instances"][0]["InstanceId"] == name
    tenant.wait("instance_running", InstanceIds=[name])
    tenant.ec2.terminate_instances(InstanceIds=[name])


def test_an_instance_with_its_root_and_more_on_volumes(
    tenant: Tenant, image: str, subnet: str
) -> None:
    ec2 = tenant.ec2
    answer = ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 2, "VolumeType": "gp3"}},
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "VolumeType": "gp2"}},
        ],
    )  # fmt: skip
    name = answer["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[name])
    one = instances(ec2.describe_instances(InstanceIds=[name]))[0]
    volumes = [each["Ebs"]["VolumeId"] for each in one["BlockDeviceMappings"]]
    shown = ec2.describe_volumes(VolumeIds=volumes)["Volumes"]
    sizes = {each["Attachments"][0]["Device"]: each["Size"] for each in shown}
    # As they were wished for, whatever they are called inside.
    assert one["RootDeviceType"] == "ebs" and sizes == {"/dev/vda": 2, "/dev/sdf": 1}
    assert {each["VolumeType"] for each in shown} == {"gp3", "gp2"}
    ec2.terminate_instances(InstanceIds=[name])
    tenant.wait("instance_terminated", InstanceIds=[name])
    tenant.wait("volume_deleted", VolumeIds=volumes)


def test_images_of_instances(tenant: Tenant, image: str, subnet: str) -> None:
    ec2 = tenant.ec2
    name = ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet
    )["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[name])
    made = ec2.create_image(InstanceId=name, Name="golden", Description="of gold")
    tenant.wait("image_available", ImageIds=[made["ImageId"]])
    shown = ec2.describe_images(Owners=["self"])["Images"]
    assert [(each["Name"], each["Description"]) for each in shown] == [
        ("golden", "of gold")
    ]
    with pytest.raises(ClientError) as caught:
        ec2.create_image(InstanceId=name, Name="golden")
    assert code(caught) == "InvalidAMIName.Duplicate"
    friend = "f" * 32
    ec2.modify_image_attribute(
        ImageId=made["ImageId"], LaunchPermission={"Add": [{"UserId": friend}]}
    )

    def permissions() -> list[dict[str, str]]:
        answer = ec2.describe_image_attribute(
            ImageId=made["ImageId"], Attribute="launchPermission"
        )
        return list(answer["LaunchPermissions"])

    assert permissions() == [{"UserId": friend}]
    ec2.modify_image_attribute(
        ImageId=made["ImageId"], LaunchPermission={"Remove": [{"UserId": friend}]}
    )
    assert permissions() == []
    ec2.terminate_instances(InstanceIds=[name])
    ec2.deregister_image(ImageId=made["ImageId"])
    with pytest.raises(ClientError) as caught:
        ec2.describe_images(ImageIds=[made["ImageId"]])
    assert code(caught) == "InvalidAMIID.NotFound"


def test_details_of_an_instance(tenant: Tenant, image: str, subnet: str) -> None:
    ec2 = tenant.ec2
    group = ec2.create_security_group(GroupName="details", Description="x")["GroupId"]
    name = ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1, SubnetId=subnet
    )["Instances"][0]["InstanceId"]
    tenant.wait("instance_running", InstanceIds=[name])

    def attribute(wanted: str) -> dict[str, Any]:
        return dict(ec2.describe_instance_attribute(InstanceId=name, Attribute=wanted))

    assert attribute("instanceType")["InstanceType"] == {"Value": "m1.small"}
    assert attribute("disableApiTermination")["DisableApiTermination"] == {
        "Value": False
    }
    ec2.modify_instance_attribute(InstanceId=name, Groups=[group])
    assert [each["GroupId"] for each in attribute("groupSet")["Groups"]] == [group]
    ec2.modify_instance_attribute(
        InstanceId=name, DisableApiTermination={"Value": False}
    )
    for change, expected in (
        ({"EbsOptimized": {"Value": True}}, "UnsupportedOperation"),
        ({"InstanceType": {"Value": "m1.large"}}, "IncorrectInstanceState"),
        ({"Kernel": {"Value": "aki-1"}}, "UnknownParameter"),
    ):
        with pytest.raises(ClientError) as caught:
            ec2.modify_instance_attribute(InstanceId=name, **change)
        assert code(caught) == expected
    assert ec2.get_password_data(InstanceId=name)["PasswordData"] == ""
    ec2.terminate_instances(InstanceIds=[name])
    tenant.wait("instance_terminated", InstanceIds=[name])
    ec2.delete_security_group(GroupId=group)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "nonsense"}, "InvalidAMIID.Malformed"),
        ({"InstanceType": "m9.none"}, "InvalidParameterValue"),
        ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"MinCount": 3}, "InvalidParameterValue"),
        ({"MaxCount": 1000}, "InstanceLimitExceeded"),
        ({"MaxCount": 90}, "InstanceLimitExceeded"),
        ({"UserData": "x" * 17_000}, "InvalidParameterValue"),
        ({"EbsOptimized": True}, "UnsupportedOperation"),
        ({"IamInstanceProfile": {"Name": "x"}}, "UnknownParameter"),
        ({"Placement": {"GroupName": "x"}}, "InvalidPlacementGroup.Unknown"),
        ({"DryRun": True}, "DryRunOperation"),
        (
            {
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/vdb", "Ebs": {"KmsKeyId": "x"}}
                ]
            },
            "UnknownParameter",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/vdb", "Ebs": {}}]},
            "MissingParameter",
        ),
    ],
)
def test_orders_that_make_no_sense(
    tenant: Tenant, image: str, subnet: str, change: dict[str, Any], expected: str
) -> None:
    if change.get("MaxCount") == 90:
        change = {**change, "MinCount": 90}
    order = {
        "ImageId": image, "InstanceType": "m1.small", "MinCount": 1, "MaxCount": 1,
        "SubnetId": subnet, **change,
    }  # fmt: skip
    with pytest.raises(ClientError) as caught:
        tenant.ec2.run_instances(**order)
    assert code(caught) == expected


def test_an_order_may_leave_out_where_if_there_is_no_choice(
    ec2_cloud: Ec2Cloud, image: str
) -> None:
    """``aws ec2 run-instances`` with an image and a type, and nothing else."""
    someone = ec2_cloud.tenant("one-network")

    def network(number: int) -> None:
        made = someone.sdk.network.create_network(name=f"only-{number}")
        someone.sdk.network.create_subnet(
            network_id=made.id, ip_version=4, cidr=f"10.71.{number}.0/24"
        )

    def run(**more: Any) -> str:
        order = {"ImageId": image, "InstanceType": "m1.small", **more}
        answer = someone.ec2.run_instances(MinCount=1, MaxCount=1, **order)
        return str(answer["Instances"][0]["InstanceId"])

    network(1)
    names = [run(), run(NetworkInterfaces=[{"DeviceIndex": 0}])]
    someone.wait("instance_running", InstanceIds=names)
    shown = instances(someone.ec2.describe_instances(InstanceIds=names))
    assert all(each["PrivateIpAddress"].startswith("10.71.1.") for each in shown)
    someone.ec2.terminate_instances(InstanceIds=names)
    network(2)
    with pytest.raises(ClientError) as caught:
        run()
    assert code(caught) == "MissingInput" and "SubnetId" in str(caught.value)


def test_user_data_reaches_the_guest_as_it_was_given(
    tenant: Tenant, image: str, subnet: str
) -> None:
    """As the administrator's client sees it: the tenant is not shown it again."""
    text = "#cloud-config\nhostname: é\n"
    name = tenant.ec2.run_instances(
        ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1,
        SubnetId=subnet, UserData=text,
    )["Instances"][0]["InstanceId"]  # fmt: skip
    tenant.wait("instance_running", InstanceIds=[name])
    digits = name.removeprefix("i-")
    server = next(
        each
        for each in tenant.cloud.sdk().compute.servers(all_projects=True)
        if each.id.replace("-", "").startswith(digits)
    )
    assert base64.b64decode(server.user_data).decode() == text
    tenant.ec2.terminate_instances(InstanceIds=[name])

"""Launch templates, and instances that are ordered by them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_instance_changes import refused
from test.functional.compute.ec2.test_instances import instances

SCRIPT = base64.b64encode(b"#!/bin/sh\necho hello\n").decode()


@pytest.fixture(scope="module")
def template(tenant: Tenant, image: str, subnet: str) -> Iterator[str]:
    """Of two versions, the second of which is of a larger type."""
    ec2 = tenant.ec2
    said = {
        "ImageId": image,
        "InstanceType": "m1.small",
        "UserData": SCRIPT,
        "DisableApiTermination": False,
        "Monitoring": {"Enabled": False},
        "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet}],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "from", "Value": "template"}]}
        ],
    }
    order = {
        "LaunchTemplateName": "web",
        "VersionDescription": "small",
        "LaunchTemplateData": said,
        "ClientToken": "web-1",
        "TagSpecifications": [
            {"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}
        ],
    }
    made = ec2.create_launch_template(**order)["LaunchTemplate"]
    assert ec2.create_launch_template(**order)["LaunchTemplate"] == made
    assert made["DefaultVersionNumber"] == made["LatestVersionNumber"] == 1
    assert made["Tags"] == [{"Key": "a", "Value": "b"}]
    name: str = made["LaunchTemplateId"]
    second = ec2.create_launch_template_version(
        LaunchTemplateId=name,
        SourceVersion="$Latest",
        LaunchTemplateData={"InstanceType": "m1.large"},
    )["LaunchTemplateVersion"]
    assert second["VersionNumber"] == 2 and not second["DefaultVersion"]
    assert second["LaunchTemplateData"] == {**said, "InstanceType": "m1.large"}
    yield name
    ec2.delete_launch_template(LaunchTemplateId=name)
    refused(
        "InvalidLaunchTemplateId.NotFound",
        ec2.describe_launch_templates,
        LaunchTemplateIds=[name],
    )


def test_an_order_says_what_its_template_does_not(
    tenant: Tenant, template: str, subnet: str
) -> None:
    ec2 = tenant.ec2
    found = {}
    for version in ("$Default", "$Latest"):
        made = ec2.run_instances(
            LaunchTemplate={"LaunchTemplateId": template, "Version": version},
            MinCount=1, MaxCount=1,
            TagSpecifications=[{
                "ResourceType": "instance", "Tags": [{"Key": "own", "Value": version}],
            }],
        )  # fmt: skip
        found[version] = made["Instances"][0]
    assert found["$Default"]["InstanceType"] == "m1.small"
    assert found["$Latest"]["InstanceType"] == "m1.large"
    tags = {tag["Key"]: tag["Value"] for tag in found["$Latest"]["Tags"]}
    tags.pop("Name")
    assert tags == {
        "from": "template",
        "own": "$Latest",
        "aws:ec2launchtemplate:id": template,
        "aws:ec2launchtemplate:version": "2",
    }
    names = [each["InstanceId"] for each in found.values()]
    tenant.wait("instance_running", InstanceIds=names)
    by_template = {"Name": "tag:aws:ec2launchtemplate:id", "Values": [template]}
    there = instances(ec2.describe_instances(Filters=[by_template]))
    assert {each["SubnetId"] for each in there} == {subnet}
    like = ec2.get_launch_template_data(InstanceId=names[1])["LaunchTemplateData"]
    assert like["InstanceType"] == "m1.large" and like["ImageId"] == there[0]["ImageId"]
    ec2.terminate_instances(InstanceIds=names)
    tenant.wait("instance_terminated", InstanceIds=names)


def test_versions_come_and_go(tenant: Tenant, template: str) -> None:
    ec2 = tenant.ec2
    shown = ec2.describe_launch_template_versions(LaunchTemplateName="web")
    numbers = [each["VersionNumber"] for each in shown["LaunchTemplateVersions"]]
    assert numbers == [2, 1]
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(
        LaunchTemplateId=template, PaginationConfig={"PageSize": 1}
    )
    assert len([each for page in pages for each in page["LaunchTemplateVersions"]]) == 2
    of_all = ec2.describe_launch_template_versions(Versions=["$Latest", "$Default"])
    assert len(of_all["LaunchTemplateVersions"]) == 2
    large = [{"Name": "instance-type", "Values": ["m1.large"]}]
    shown = ec2.describe_launch_template_versions(
        LaunchTemplateId=template, Filters=large
    )
    assert len(shown["LaunchTemplateVersions"]) == 1
    changed = ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    assert changed["LaunchTemplate"]["DefaultVersionNumber"] == 2
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="1")
    came = ec2.delete_launch_template_versions(
        LaunchTemplateId=template, Versions=["1", "9"]
    )
    codes = [
        each["ResponseError"]["Code"]
        for each in came["UnsuccessfullyDeletedLaunchTemplateVersions"]
    ]
    assert codes == ["unexpectedError", "launchTemplateVersionDoesNotExist"]
    tag = {"Key": "c", "Value": "d"}
    ec2.create_tags(Resources=[template], Tags=[tag])
    of_it = [{"Name": "resource-id", "Values": [template]}]
    assert len(ec2.describe_tags(Filters=of_it)["Tags"]) == 2
    ec2.delete_tags(Resources=[template], Tags=[tag])
    assert len(ec2.describe_tags(Filters=of_it)["Tags"]) == 1


def test_templates_that_cannot_be(
    tenant: Tenant, ec2_cloud: Ec2Cloud, template: str
) -> None:
    ec2 = tenant.ec2
    make = ec2.create_launch_template
    for name, data, expected in (
        ("web", {"KeyName": "k"}, "InvalidLaunchTemplateName.AlreadyExistsException"),
        ("a b", {"KeyName": "k"}, "InvalidLaunchTemplateName.MalformedException"),
        ("other", {"KernelId": "aki-1"}, "UnknownParameter"),
        ("other", {"UserData": "???"}, "InvalidParameterValue"),
        ("other", {"KeyName": "\x01"}, "InvalidParameterValue"),
        ("other", {"KeyName": "k" * 40000}, "InvalidParameterValue"),
    ):
        refused(expected, make, LaunchTemplateName=name, LaunchTemplateData=data)
    order = {"MinCount": 1, "MaxCount": 1}
    for named, expected in (
        ({"LaunchTemplateName": "none"}, "InvalidLaunchTemplateName.NotFoundException"),
        ({"LaunchTemplateId": "lt-1"}, "InvalidLaunchTemplateId.Malformed"),
        ({"Version": "1"}, "MissingParameter"),
        (
            {"LaunchTemplateId": template, "Version": "99"},
            "InvalidLaunchTemplateId.VersionNotFound",
        ),
        (
            {"LaunchTemplateId": template, "LaunchTemplateName": "web"},
            "InvalidParameterCombination",
        ),
    ):
        refused(expected, ec2.run_instances, LaunchTemplate=named, **order)
    stranger = ec2_cloud.tenant("templates-stranger").ec2
    assert stranger.describe_launch_templates()["LaunchTemplates"] == []
    refused(
        "InvalidLaunchTemplateId.NotFound",
        stranger.describe_launch_template_versions,
        LaunchTemplateId=template,
    )

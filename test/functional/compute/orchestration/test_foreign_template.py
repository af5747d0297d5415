"""A template in CloudFormation's language: made, looked at, changed, and gone."""

from __future__ import annotations

from pathlib import Path

from test.functional.compute.house import RunningCloud
from test.functional.compute.orchestration.traces import listing, wait_gone

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Description: A server with a disk in a network of its own
Parameters:
  Type: {Type: String, Default: foreign.small}
  Size: {Type: Number, Default: 1, MinValue: 1, MaxValue: 3}
Mappings:
  Zones: {here: {cidr: 10.79.0.0/16, subnet: 10.79.1.0/24}}
Resources:
  vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: {"Fn::FindInMap": [Zones, here, cidr]}}
  subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: {Ref: vpc}
      CidrBlock: {"Fn::FindInMap": [Zones, here, subnet]}
  group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}
        - {IpProtocol: "-1", CidrIp: 10.79.0.0/16}
  port:
    Type: AWS::EC2::NetworkInterface
    Properties:
      SubnetId: {Ref: subnet}
      PrivateIpAddress: 10.79.1.77
      GroupSet: [{Ref: group}]
  disk:
    Type: AWS::EC2::Volume
    Properties: {Size: {Ref: Size}, Tags: [{Key: about, Value: web}]}
  server:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: foreign
      InstanceType: {Ref: Type}
      NetworkInterfaces: [{Ref: port}]
      Tags: [{Key: about, Value: web}]
      UserData: {"Fn::Base64": {"Fn::Join": ["", ["#!/bin/sh\\n", "true\\n"]]}}
  attachment:
    Type: AWS::EC2::VolumeAttachment
    Properties:
      InstanceId: {Ref: server}
      VolumeId: {Ref: disk}
      Device: /dev/vdb
  bucket: {Type: "AWS::S3::Bucket", DeletionPolicy: Delete}
Outputs:
  address: {Value: {"Fn::GetAtt": [server, PrivateIp]}}
  server: {Value: {Ref: server}}
  site: {Value: {"Fn::GetAtt": [bucket, WebsiteURL]}}
"""


def test_a_foreign_template(cloud: RunningCloud, tmp_path: Path) -> None:
    path = tmp_path / "site.template"
    path.write_text(TEMPLATE)
    (tmp_path / "image").write_bytes(b"\0" * 4096)
    sdk = cloud.sdk()
    flavor = sdk.compute.create_flavor(name="foreign.small", ram=64, vcpus=1, disk=1)
    image = sdk.create_image(
        "foreign",
        filename=str(tmp_path / "image"),
        disk_format="raw",
        container_format="bare",
        wait=True,
    )
    before = listing(cloud)
    wait = ("--wait", "--poll", "1")
    cloud.openstack("stack", "create", "-t", str(path), "f", *wait, expected=None)
    stack = sdk.orchestration.find_stack("f")
    assert stack.status == "CREATE_COMPLETE", stack.status_reason
    found = {each["output_key"]: each["output_value"] for each in stack.outputs}
    assert found["address"] == "10.79.1.77"
    assert "/AUTH_" in found["site"]
    server = sdk.compute.get_server(found["server"])
    assert server.metadata["about"] == "web"
    (volume,) = sdk.block_storage.volumes()
    assert volume.attachments[0]["server_id"] == server.id
    more = ("--existing", "--parameter", "Size=2", "f")
    cloud.openstack("stack", "update", *more)
    heat = sdk.orchestration
    heat.wait_for_status(stack, "UPDATE_COMPLETE", ["UPDATE_FAILED"], 0.3, 60)
    assert [each.size for each in sdk.block_storage.volumes()] == [2]
    cloud.openstack("stack", "delete", "f", "--yes")
    wait_gone(cloud, before)
    sdk.image.delete_image(image)
    sdk.compute.delete_flavor(flavor)

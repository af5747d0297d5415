"""boto3, unmodified: a volume that two instances have."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from test.functional.compute.ec2.conftest import Ec2Cloud, Tenant
from test.functional.compute.ec2.test_instances import code


def test_two_instances_share_a_volume(
    ec2_cloud: Ec2Cloud, tenant: Tenant, image: str, subnet: str
) -> None:
    ec2 = tenant.ec2
    order = {"Size": 1, "AvailabilityZone": "nova", "VolumeType": "io2"}
    with pytest.raises(ClientError) as caught:
        ec2.create_volume(**order, MultiAttachEnabled=True)
    assert code(caught) == "UnsupportedOperation"
    storage = ec2_cloud.cloud.sdk().block_storage
    shared = storage.create_type(name="io2", extra_specs={"multiattach": "<is> True"})
    made = ec2.create_volume(**order, MultiAttachEnabled=True)
    assert made["MultiAttachEnabled"] and made["VolumeType"] == "io2"
    volume = made["VolumeId"]
    tenant.wait("volume_available", VolumeIds=[volume])
    names = [
        each["InstanceId"]
        for each in ec2.run_instances(
            ImageId=image, InstanceType="m1.small", MinCount=2, MaxCount=2,
            SubnetId=subnet,
        )["Instances"]
    ]  # fmt: skip
    tenant.wait("instance_running", InstanceIds=names)
    for name in names:
        ec2.attach_volume(VolumeId=volume, InstanceId=name, Device="/dev/sdh")
        filters = [{"Name": "attachment.instance-id", "Values": [name]}]
        tenant.wait("volume_in_use", VolumeIds=[volume], Filters=filters)
    with pytest.raises(ClientError) as caught:
        ec2.detach_volume(VolumeId=volume)
    assert code(caught) == "MissingParameter"
    gone = ec2.detach_volume(VolumeId=volume, InstanceId=names[1])
    assert gone["InstanceId"] == names[1]
    ec2.terminate_instances(InstanceIds=names)
    tenant.wait("instance_terminated", InstanceIds=names)
    tenant.wait("volume_available", VolumeIds=[volume])
    ec2.delete_volume(VolumeId=volume)
    tenant.wait("volume_deleted", VolumeIds=[volume])
    storage.delete_type(shared)

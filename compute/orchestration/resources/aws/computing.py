"""``AWS::EC2::Instance``, ``Volume``, ``VolumeAttachment``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.aws.stand_in import (
    IT,
    Resources,
    StandIn,
    resource,
    tags_of,
)
from compute.orchestration.resources.frame.schemas import (
    attributes,
    items,
    text,
    texts,
    whole,
)

TAGS = {
    "Key": text("Its name", required=True),
    "Value": text("What it says", required=True),
}
_TAGS = items("Noted of it", TAGS, live=True)


class Instance(StandIn):
    """A server."""

    name = "AWS::EC2::Instance"
    description = "A server."
    properties = {
        "ImageId": text("Its image", required=True, live=True, is_a="glance.image"),
        "InstanceType": text(
            "Its flavor", required=True, live=True, is_a="nova.flavor"
        ),
        "KeyName": text("Its key pair", is_a="nova.keypair"),
        "AvailabilityZone": text("Its zone"),
        "UserData": text("What its guest is told", live=True),
        "SubnetId": text("Its subnet", is_a="neutron.subnet"),
        "SecurityGroups": texts("Its security groups", [], live=True),
        "SecurityGroupIds": texts("More of them", [], live=True),
        "NetworkInterfaces": texts("Its ports, by their ids", [], live=True),
        "Tags": _TAGS,
        "Volumes": items(
            "What it is connected to",
            {
                "Device": text("Where the guest has it", required=True),
                "VolumeId": text("The volume", required=True, is_a="cinder.volume"),
            },
            [],
            live=True,
        ),
    }
    attributes = attributes(
        AvailabilityZone="Its zone",
        PrivateDnsName="Its address",
        PublicDnsName="Its address",
        PrivateIp="Its address",
        PublicIp="Its address",
    )
    asks = {
        "AvailabilityZone": "OS-EXT-AZ:availability_zone",
        **dict.fromkeys(
            ("PrivateDnsName", "PublicDnsName", "PrivateIp", "PublicIp"),
            "first_address",
        ),
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """It is in one place."""
        if properties["SubnetId"] and properties["NetworkInterfaces"]:
            raise Invalid("SubnetId: NetworkInterfaces are given, too")

    def attribute(self, work: Work, name: str) -> Any:
        """The zone is among what the server shows."""
        if name == "AvailabilityZone":
            return work.nested.attribute(IT, "show", self.asks[name])
        return super().attribute(work, name)

    def resources(self, work: Work) -> Resources:
        """A server, and an attachment for each of its volumes."""
        given = work.properties
        places: list[dict[str, Any]] | None = None
        if given["SubnetId"]:
            places = [{"subnet": given["SubnetId"]}]
        elif given["NetworkInterfaces"]:
            places = [{"port": each} for each in given["NetworkInterfaces"]]
        groups = [*(given["SecurityGroups"] or ()), *(given["SecurityGroupIds"] or ())]
        found = {
            IT: resource(
                "OS::Nova::Server",
                image=given["ImageId"],
                flavor=given["InstanceType"],
                key_name=given["KeyName"],
                availability_zone=given["AvailabilityZone"],
                user_data=given["UserData"],
                user_data_format="RAW" if given["UserData"] else None,
                networks=places,
                security_groups=groups or None,
                metadata=tags_of(given["Tags"]),
            )
        }
        for place, volume in enumerate(given["Volumes"] or ()):
            found[f"volume{place}"] = resource(
                "OS::Cinder::VolumeAttachment",
                instance_uuid={"get_resource": IT},
                volume_id=volume["VolumeId"],
                mountpoint=volume["Device"],
            )
        return found


class Volume(StandIn):
    """A volume."""

    name = "AWS::EC2::Volume"
    description = "A disk that outlives servers."
    properties = {
        "AvailabilityZone": text("Its zone"),
        "Size": whole("GiB", live=True, least=1),
        "SnapshotId": text("The backup to restore", live=True, is_a="cinder.backup"),
        "Tags": _TAGS,
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """What is empty has a size."""
        if properties["Size"] is None and properties["SnapshotId"] is None:
            raise Invalid("Size: it is needed")

    def resources(self, work: Work) -> Resources:
        """A volume."""
        given = work.properties
        return {
            IT: resource(
                "OS::Cinder::Volume",
                availability_zone=given["AvailabilityZone"],
                size=given["Size"],
                backup_id=given["SnapshotId"],
                metadata=tags_of(given["Tags"]),
            )
        }


class VolumeAttachment(StandIn):
    """A volume at a server."""

    name = "AWS::EC2::VolumeAttachment"
    description = "A volume, connected to a server."
    properties = {
        "InstanceId": text("The server", required=True, live=True, is_a="nova.server"),
        "VolumeId": text("The volume", required=True, live=True, is_a="cinder.volume"),
        "Device": text("Where the guest has it", required=True, live=True),
    }

    def resources(self, work: Work) -> Resources:
        """An attachment."""
        given = work.properties
        return {
            IT: resource(
                "OS::Cinder::VolumeAttachment",
                instance_uuid=given["InstanceId"],
                volume_id=given["VolumeId"],
                mountpoint=given["Device"],
            )
        }


TYPES = (Instance(), Volume(), VolumeAttachment())

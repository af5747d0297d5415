"""What holds for the whole account; here nobody can set it otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.pages import page
from compute.ec2.metadata_options import shown_options


def encryption(call: Call) -> Document:
    """``GetEbsEncryptionByDefault``: volumes are not encrypted."""
    return {"ebsEncryptionByDefault": False}


def serial_console(call: Call) -> Document:
    """``GetSerialConsoleAccessStatus``: there is none for this API."""
    return {"serialConsoleAccessEnabled": False}


def public_images(call: Call) -> Document:
    """``GetImageBlockPublicAccessState``: the image room's policy decides."""
    return {"imageBlockPublicAccessState": "unblocked"}


def public_snapshots(call: Call) -> Document:
    """``GetSnapshotBlockPublicAccessState``: no snapshot is anybody else's."""
    return {"state": "block-all-sharing"}


def metadata(call: Call) -> Document:
    """``GetInstanceMetadataDefaults``."""
    said = ("httpTokens", "httpPutResponseHopLimit", "httpEndpoint")
    names = (*said, "instanceMetadataTags")
    options = shown_options({})
    return {"accountLevel": {name: options[name] for name in names}}


# ---- what VPCs had of old ------------------------------------------------------------


def classic_link(call: Call) -> Document:
    """``DescribeVpcClassicLink``: no VPC has it."""
    return {
        "vpcSet": [
            {"vpcId": name, "classicLinkEnabled": False}
            for name in _vpcs(call, call.parameters.texts("VpcId"))
        ]
    }


def classic_link_names(call: Call) -> Document:
    """``DescribeVpcClassicLinkDnsSupport``: no VPC has it."""
    shown = [
        {"vpcId": name, "classicLinkDnsSupported": False}
        for name in _vpcs(call, call.parameters.texts("VpcIds"))
    ]
    found, token = page(call.parameters, shown, lambda each: str(each["vpcId"]))
    return {"vpcs": found, "nextToken": token}


def _vpcs(call: Call, wanted: list[str]) -> list[str]:
    vpcs: Mapping[str, object] = call.inventory.layout.vpcs
    ids.named(vpcs, ids.VPC, wanted)
    return list(dict.fromkeys(wanted or vpcs))


ACTIONS = {
    "GetEbsEncryptionByDefault": Action(encryption),
    "GetSerialConsoleAccessStatus": Action(serial_console),
    "GetImageBlockPublicAccessState": Action(public_images),
    "GetSnapshotBlockPublicAccessState": Action(public_snapshots),
    "GetInstanceMetadataDefaults": Action(metadata),
    "DescribeVpcClassicLink": Action(classic_link, "VpcId"),
    "DescribeVpcClassicLinkDnsSupport": Action(
        classic_link_names, "VpcIds MaxResults NextToken"
    ),
}

"""What holds for the whole account; here nobody can set it otherwise: who asks for what
is so anyway is told so, everything else is refused."""

from __future__ import annotations

from collections.abc import Mapping

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document, Handler
from compute.ec2.frame.errors import Ec2Error, unsupported
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
    """``GetSnapshotBlockPublicAccessState``: no snapshot is everybody's."""
    return {"state": "block-all-sharing"}


def metadata(call: Call) -> Document:
    """``GetInstanceMetadataDefaults``."""
    said = ("httpTokens", "httpPutResponseHopLimit", "httpEndpoint")
    names = (*said, "instanceMetadataTags")
    options = shown_options({})
    return {"accountLevel": {name: options[name] for name in names}}


# ---- setting it ----------------------------------------------------------------------


def _refused(name: str, why: str) -> Handler:
    def refuse(call: Call) -> Document:
        raise Ec2Error("UnsupportedOperation", f"{name} is not supported here. {why}")

    return refuse


def block_images(call: Call) -> Document:
    """``EnableImageBlockPublicAccess``: as it is, or not at all."""
    return _as_it_is(call, "ImageBlockPublicAccessState", public_images(call))


def block_snapshots(call: Call) -> Document:
    """``EnableSnapshotBlockPublicAccess``: as it is, or not at all."""
    return _as_it_is(call, "State", public_snapshots(call))


def _as_it_is(call: Call, name: str, shown: Document) -> Document:
    (state,) = shown.values()
    if call.parameters.required(name) != state:
        raise unsupported(name, f"It can be {state}.")
    return shown


# What could be done of which nothing can be had, and why not.
_NOT_HERE = {
    "EnableEbsEncryptionByDefault": ("", "A volume's type says if it is encrypted."),
    "EnableSerialConsoleAccess": ("", "GetConsoleOutput shows what is written there."),
    "DisableSnapshotBlockPublicAccess": ("", "Snapshots are shared by name."),
    "GetConsoleScreenshot": ("InstanceId WakeUp", "GetConsoleOutput shows its text."),
    "CreateEgressOnlyInternetGateway": (
        "VpcId ClientToken TagSpecification",
        "VPCs have no IPv6.",
    ),
    "AssociateIamInstanceProfile": (
        "IamInstanceProfile InstanceId",
        "There are no instance profiles.",
    ),
}

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
    name: Action(_refused(name, why), parameters)
    for name, (parameters, why) in _NOT_HERE.items()
} | {
    "DisableEbsEncryptionByDefault": Action(encryption),
    "DisableSerialConsoleAccess": Action(serial_console),
    "DisableImageBlockPublicAccess": Action(public_images),
    "EnableImageBlockPublicAccess": Action(block_images, "ImageBlockPublicAccessState"),
    "EnableSnapshotBlockPublicAccess": Action(block_snapshots, "State"),
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

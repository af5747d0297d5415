"""Ids in EC2's form (``core.identifiers.ec2_id``), and the uuids behind them.

A thing's id is made from its uuid, so nobody has to remember which it has: an id is
looked for among the uuids that the caller may see.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from compute.core.identifiers import EC2_DIGITS
from compute.core.identifiers import ec2_id as ec2_id
from compute.ec2.frame.errors import Ec2Error

T = TypeVar("T")

REMEMBERED_MAX = 100_000

INSTANCE = "i"
IMAGE = "ami"
VOLUME = "vol"
SNAPSHOT = "snap"
KEY_PAIR = "key"
GROUP = "sg"
GROUP_RULE = "sgr"
ADDRESS = "eipalloc"
ADDRESS_ASSOCIATION = "eipassoc"
INTERFACE = "eni"
INTERFACE_ATTACHMENT = "eni-attach"
SUBNET = "subnet"
VPC = "vpc"
GATEWAY = "igw"
ROUTE_TABLE = "rtb"
TABLE_ASSOCIATION = "rtbassoc"
ACL = "acl"
DHCP_OPTIONS = "dopt"
ACL_ASSOCIATION = "aclassoc"
LAUNCH_TEMPLATE = "lt"
NAT_GATEWAY = "nat"
PLACEMENT_GROUP = "pg"
PREFIX_LIST = "pl"
ROOT_TASK = "replacevol"
RESERVATION = "r"

# How AWS spells what is not there, and what is no id at all.
_CODES = {
    INSTANCE: "InvalidInstanceID",
    IMAGE: "InvalidAMIID",
    VOLUME: "InvalidVolume",
    SNAPSHOT: "InvalidSnapshot",
    KEY_PAIR: "InvalidKeyPair",
    GROUP: "InvalidGroup",
    GROUP_RULE: "InvalidSecurityGroupRuleId",
    ADDRESS: "InvalidAllocationID",
    ADDRESS_ASSOCIATION: "InvalidAssociationID",
    INTERFACE: "InvalidNetworkInterfaceID",
    INTERFACE_ATTACHMENT: "InvalidAttachmentID",
    SUBNET: "InvalidSubnetID",
    VPC: "InvalidVpcID",
    GATEWAY: "InvalidInternetGatewayID",
    ROUTE_TABLE: "InvalidRouteTableID",
    TABLE_ASSOCIATION: "InvalidAssociationID",
    ACL: "InvalidNetworkAclID",
    ACL_ASSOCIATION: "InvalidAssociationID",
    DHCP_OPTIONS: "InvalidDhcpOptionID",
    PLACEMENT_GROUP: "InvalidPlacementGroup",
    LAUNCH_TEMPLATE: "InvalidLaunchTemplateId",
    NAT_GATEWAY: "InvalidNatGatewayID",
    PREFIX_LIST: "InvalidPrefixListID",
    ROOT_TASK: "InvalidReplaceRootVolumeTaskId",
}
_FORM = re.compile(r"[a-z-]+-[0-9a-f]{8,17}\Z")


def id_of_name(kind: str, name: str) -> str:
    """The id of what has a name and no uuid."""
    return f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:EC2_DIGITS]}"


def kind_of(identifier: str) -> str:
    """What kind of thing it is the id of."""
    return identifier.rpartition("-")[0]


def not_found(kind: str, identifier: str) -> Ec2Error:
    """Nothing of that kind has the id, or nothing that the caller may see."""
    code = f"{_CODES[kind]}.NotFound"
    return Ec2Error(code, f"The {kind} ID '{identifier}' does not exist")


def check_form(kind: str, identifier: str) -> None:
    """``Ec2Error`` for what cannot be the id of such a thing."""
    if kind_of(identifier) != kind or not _FORM.match(identifier):
        code = f"{_CODES[kind]}.Malformed"
        raise Ec2Error(code, f"Invalid id: '{identifier}' (expecting '{kind}-...')")


def named(things: Mapping[str, T], kind: str, wanted: Sequence[str]) -> list[T]:
    """Of things by their ids those that are wanted, or all.  ``Ec2Error``."""
    for identifier in wanted:
        if identifier not in things:
            check_form(kind, identifier)
            raise not_found(kind, identifier)
    return [things[identifier] for identifier in dict.fromkeys(wanted or things)]


class KnownIds:
    """Which uuids ids stand for, as far as each project has found out.

    It is no right to anything: the rooms decide who may see what a uuid names.  But
    what an id means to a project is what that project has seen: whoever makes an
    image may choose its uuid, and so its id, to be like that of somebody else's.
    """

    def __init__(self) -> None:
        self._uuids: OrderedDict[tuple[str, str], str] = OrderedDict()

    def note(self, project: str, kind: str, uuid: str) -> str:
        """Remember a thing; its id."""
        identifier = ec2_id(kind, uuid)
        self._uuids[project, identifier] = uuid
        self._uuids.move_to_end((project, identifier))
        if len(self._uuids) > REMEMBERED_MAX:
            self._uuids.popitem(last=False)
        return identifier

    def uuid(
        self,
        project: str,
        kind: str,
        identifier: str,
        visible: Callable[[], Iterable[str]],
    ) -> str:
        """The uuid behind an id; ``visible`` gives those of its kind that the project
        may see, and is asked only for an id that is new to it.  ``Ec2Error``."""
        check_form(kind, identifier)
        if (project, identifier) not in self._uuids:
            for uuid in visible():
                self.note(project, kind, uuid)
        found = self._uuids.get((project, identifier))
        if found is None:
            raise not_found(kind, identifier)
        return found

"""Where an interface has its private addresses: one subnet, the first one its own."""

from __future__ import annotations

from compute.ec2.frame.errors import Ec2Error, invalid
from compute.ec2.frame.parameters import Parameters

# AWS's largest types have so many.
ADDRESSES_MAX = 50


def asked_places(parameters: Parameters, subnet_id: str) -> list[dict[str, str]]:
    """Of a new interface: ``PrivateIpAddress``, or a list of them, and so many more."""
    first = parameters.text("PrivateIpAddress")
    others: list[str] = []
    for each in parameters.structures("PrivateIpAddresses"):
        address = each.required("PrivateIpAddress")
        if not each.flag("Primary"):
            others.append(address)
        elif first and first != address:
            raise invalid("PrivateIpAddresses", address, "There is one primary one.")
        else:
            first = address
    if others and not first:
        first = others.pop(0)
    count = parameters.integer("SecondaryPrivateIpAddressCount", 0) or 0
    place = {"subnet_id": subnet_id, **({"ip_address": first} if first else {})}
    return [place, *more_places(subnet_id, others, count)]


def more_places(
    subnet_id: str, addresses: list[str], count: int
) -> list[dict[str, str]]:
    """These addresses and so many more, all in one subnet.  ``Ec2Error``."""
    if addresses and count:
        text = "Name private addresses, or say how many, and not both"
        raise Ec2Error("InvalidParameterCombination", text)
    if not 0 <= count + len(addresses) <= ADDRESSES_MAX:
        text = f"An interface may have {ADDRESSES_MAX} private addresses"
        raise Ec2Error("PrivateIpAddressLimitExceeded", text)
    return [
        *({"subnet_id": subnet_id, "ip_address": each} for each in addresses),
        *({"subnet_id": subnet_id} for _ in range(count)),
    ]

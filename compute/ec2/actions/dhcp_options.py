"""Sets of DHCP options (see ``ec2.dhcp_options``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.vpcs import own_vpc
from compute.ec2.call import Call
from compute.ec2.dhcp_options import (
    CLOCKS,
    DEFAULT,
    DOMAIN,
    OF_VPC,
    PROVIDED,
    RESOLVERS,
    enforce,
    set_of,
)
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, invalid, missing, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.kept_things import Kept
from compute.ec2.marking import set_marks

SERVERS_MAX = 4
_DOMAIN_MAX = 253
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?\Z")

FILTERS: Mapping[str, Accessor] = {
    "dhcp-options-id": lambda shown: shown["dhcpOptionsId"],
    "key": lambda shown: [each["key"] for each in shown["dhcpConfigurationSet"]],
    "owner-id": lambda shown: shown["ownerId"],
    "value": lambda shown: [
        value["value"]
        for each in shown["dhcpConfigurationSet"]
        for value in each["valueSet"]
    ],
}


def describe(call: Call) -> Document:
    """``DescribeDhcpOptions``: those that were made, and what VPCs begin with."""
    kept = {DEFAULT: _default(call), **call.kept.all(call.signer, ids.DHCP_OPTIONS)}
    wanted = call.parameters.texts("DhcpOptionsId")
    found = [_document(each) for each in ids.named(kept, ids.DHCP_OPTIONS, wanted)]
    found = chosen(found, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["dhcpOptionsId"]))
    return {"dhcpOptionsSet": found, "nextToken": token}


def _default(call: Call) -> Kept:
    content = {RESOLVERS: [PROVIDED]}
    own = call.signer.project_id
    return Kept(own, DEFAULT, ids.DHCP_OPTIONS, "", content, {}, "", 0.0)


def _document(kept: Kept) -> dict[str, Any]:
    return {
        "dhcpOptionsId": kept.id,
        "ownerId": kept.project_id,
        "dhcpConfigurationSet": [
            {"key": key, "valueSet": [{"value": value} for value in values]}
            for key, values in sorted(kept.content.items())
        ],
        "tagSet": tagging.set_of(kept.tags),
    }


def create(call: Call) -> Document:
    """``CreateDhcpOptions``."""
    found: dict[str, list[str]] = {}
    for each in call.parameters.structures("DhcpConfiguration"):
        key = each.required("Key")
        # One text may hold several.
        values = [
            value.strip()
            for text in each.texts("Value")
            for value in text.split(",")
            if value.strip()
        ]
        if not values:
            raise missing("DhcpConfiguration.Value")
        if key not in _CHECKS:
            raise unsupported(key, f"It can be {', '.join(_CHECKS)}.")
        _CHECKS[key](values)
        found[key] = values
    if not found:
        raise missing("DhcpConfiguration")
    tags = tagging.tags_of_type(call.parameters, tagging.DHCP_OPTIONS_TYPE)
    made = call.kept.add(call.signer, ids.DHCP_OPTIONS, found, tags)
    return {"dhcpOptions": _document(made)}


def _check_domain(values: list[str]) -> None:
    text = " ".join(values)
    if len(text) > _DOMAIN_MAX or not _DOMAIN.match(text):
        raise invalid(DOMAIN, text[:_DOMAIN_MAX], "It is not the name of one domain.")


def _check_resolvers(values: list[str]) -> None:
    if values != [PROVIDED]:
        _check_addresses(RESOLVERS, values)


def _check_clocks(values: list[str]) -> None:
    _check_addresses(CLOCKS, values)


def _check_addresses(key: str, values: list[str]) -> None:
    if len(values) > SERVERS_MAX or len(set(values)) < len(values):
        raise invalid(key, ", ".join(values), f"They are at most {SERVERS_MAX}.")
    for each in values:
        try:
            IPv4Address(each)
        except ValueError:
            text = "It is not an IPv4 address."
            raise invalid(key, each, text) from None


_CHECKS = {DOMAIN: _check_domain, RESOLVERS: _check_resolvers, CLOCKS: _check_clocks}


def delete(call: Call) -> Document:
    """``DeleteDhcpOptions``: a set that no VPC has."""
    if call.parameters.text("DhcpOptionsId") == DEFAULT:
        raise Ec2Error("OperationNotPermitted", "The default options always are there")
    identifier = _asked(call).id
    if any(set_of(vpc) == identifier for vpc in call.inventory.layout.vpcs.values()):
        text = f"The dhcpOptions '{identifier}' has dependencies and cannot be deleted."
        raise Ec2Error("DependencyViolation", text)
    call.kept.drop(call.signer, [identifier])
    return {"return": True}


def associate(call: Call) -> Document:
    """``AssociateDhcpOptions``: guests hear of them when they renew their leases."""
    vpc = own_vpc(call, call.parameters.required("VpcId"))
    assert vpc.router is not None
    asked = call.parameters.required("DhcpOptionsId")
    identifier = "" if asked == DEFAULT else _asked(call).id
    set_marks(call.inventory, "routers", vpc.router, {OF_VPC: identifier})
    enforce(call, vpc.id)
    return {"return": True}


def _asked(call: Call) -> Kept:
    identifier = call.parameters.required("DhcpOptionsId")
    kept = call.kept.all(call.signer, ids.DHCP_OPTIONS)
    return ids.named(kept, ids.DHCP_OPTIONS, [identifier])[0]


ACTIONS = {
    "DescribeDhcpOptions": Action(
        describe, "DhcpOptionsId Filter MaxResults NextToken"
    ),
    "CreateDhcpOptions": Action(create, "DhcpConfiguration TagSpecification"),
    "DeleteDhcpOptions": Action(delete, "DhcpOptionsId", is_alone=True),
    "AssociateDhcpOptions": Action(associate, "DhcpOptionsId VpcId", is_alone=True),
}

"""What may be written of a port, and the checks of its parts that need no database."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from compute.network.errors import invalid
from compute.network.frame.fields import (
    BOOLEAN,
    OBJECT,
    TEXT,
    TEXT_OR_NULL,
    TEXTS_OR_NULL,
    UUID,
    Field,
    Fields,
    objects,
)
from compute.network.frame.tag_values import TAG_LIST
from compute.network.links.macs import parse_mac
from compute.network.links.prefixes import parse_address, parse_destination
from compute.network.qos import users

# As in Neutron's own default.
ADDRESS_PAIRS_MAX = 10
DHCP_OPTIONS_MAX = 64
PROFILE_CHARACTERS_MAX = 4095
VNIC_TYPES = ("normal",)
VIF_TYPE, UNBOUND = "bridge", "unbound"
# Names of options as dnsmasq knows them, or their numbers; nothing that could begin
# another line or another field of its configuration.
OPTION_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9:-]{0,63}$")

FIXED_IPS = objects(
    {
        "subnet_id": {"type": ["string", "null"], "maxLength": 36},
        "ip_address": TEXT_OR_NULL,
    }
)
ADDRESS_PAIRS = objects(
    {"ip_address": TEXT, "mac_address": TEXT_OR_NULL}, ("ip_address",)
)
OPTIONS = objects(
    {"opt_name": TEXT, "opt_value": TEXT_OR_NULL, "ip_version": {"enum": [4, 6]}},
    ("opt_name",),
)

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("network_id", UUID, required=True, update=False),
    Field("admin_state_up", BOOLEAN, default=True),
    Field("mac_address", TEXT_OR_NULL, default=None),
    Field("fixed_ips", FIXED_IPS, default=None),
    Field("device_id", TEXT_OR_NULL, default=""),
    Field("device_owner", TEXT_OR_NULL, default=""),
    Field("security_groups", TEXTS_OR_NULL, default=None),
    Field("port_security_enabled", {"type": ["boolean", "null"]}, default=None),
    Field("allowed_address_pairs", ADDRESS_PAIRS, default=[]),
    Field("extra_dhcp_opts", OPTIONS, default=[]),
    Field("dns_name", TEXT_OR_NULL, default=""),
    Field("dns_domain", TEXT_OR_NULL, default=""),
    Field("tags", TAG_LIST, default=[], update=False),
    Field("binding:host_id", TEXT_OR_NULL, default=""),
    Field("binding:vnic_type", {"enum": [*VNIC_TYPES, None]}, default="normal"),
    Field("binding:profile", {**OBJECT, "type": ["object", "null"]}, default={}),
    users.FIELD,
)


def address_pairs(pairs: Sequence[Mapping[str, Any]] | None) -> list[dict[str, str]]:
    """``allowed_address_pairs`` in canonical form: ``ip_address`` and, when given,
    ``mac_address``.  ``InvalidInput``."""
    found: list[dict[str, str]] = []
    for pair in pairs or ():
        text = pair["ip_address"]
        if "/" in text:
            address = str(parse_destination(text, "allowed_address_pairs"))
        else:
            address = str(parse_address(text, "allowed_address_pairs"))
        if ipaddress.ip_network(address, strict=False).is_multicast:
            # Nobody sends from one, and the guest would be taken for its owner.
            raise invalid(f"allowed_address_pairs: {address} is a multicast address.")
        item = {"ip_address": address}
        if pair.get("mac_address"):
            item["mac_address"] = parse_mac(pair["mac_address"])
        if item in found:
            raise invalid(
                f"Request contains duplicate address pair: {address}.",
                "DuplicateAddressPairInRequest",
            )
        found.append(item)
    if len(found) > ADDRESS_PAIRS_MAX:
        raise invalid(
            f"The number of allowed address pair exceeds the maximum"
            f" {ADDRESS_PAIRS_MAX}.",
            "AllowedAddressPairExhausted",
        )
    return found


def dhcp_options(
    options: Sequence[Mapping[str, Any]] | None,
    had: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """``extra_dhcp_opts``, merged into those that the port had: a null value takes an
    option away.  ``InvalidInput``."""
    found = {(each["opt_name"], each["ip_version"]): dict(each) for each in had}
    for option in options or ():
        name, value = option["opt_name"], option.get("opt_value")
        version = option.get("ip_version", 4)
        if not OPTION_NAME.match(name):
            raise invalid(f"extra_dhcp_opts: '{name[:64]}' is no option's name.")
        if value is None:
            found.pop((name, version), None)
            continue
        if any(ord(character) < 32 or character == "\x7f" for character in value):
            raise invalid(f"extra_dhcp_opts: the value of {name} has control bytes.")
        found[name, version] = {
            "opt_name": name,
            "opt_value": value,
            "ip_version": version,
        }
    if len(found) > DHCP_OPTIONS_MAX:
        raise invalid(f"extra_dhcp_opts: more than {DHCP_OPTIONS_MAX}.")
    return list(found.values())


def profile(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """``binding:profile``.  ``InvalidInput``."""
    found = dict(value or {})
    if len(repr(found)) > PROFILE_CHARACTERS_MAX:
        raise invalid("binding:profile: it is too long.")
    return found

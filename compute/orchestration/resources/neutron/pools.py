"""``OS::Neutron::SubnetPool``, ``OS::Neutron::AddressScope``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_list,
    a_number,
    attributes,
    flag,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.neutron.network_thing import (
    OWNER,
    TAG_LIST,
    NetworkThing,
    named,
)

_LENGTHS = ("min_prefixlen", "default_prefixlen", "max_prefixlen")


class SubnetPool(NetworkThing):
    """Prefixes of which subnets take theirs."""

    name = "OS::Neutron::SubnetPool"
    description = "Prefixes of which subnets take theirs."
    shelf = "neutron.subnetpool"
    fields = {"address_scope": "address_scope_id"}
    properties = {
        "name": named("the pool"),
        "prefixes": texts("What it is made of", required=True, live=True, least=1),
        "address_scope": text(
            "In which no addresses overlap", live=True, is_a="neutron.address_scope"
        ),
        "default_quota": whole("What a project may take of it", live=True, least=0),
        "default_prefixlen": whole("A subnet's, if it says none", live=True, least=0),
        "min_prefixlen": whole("Of the largest subnet", live=True, least=0),
        "max_prefixlen": whole("Of the smallest subnet", live=True, least=0),
        "is_default": flag("Whether it is taken if none is named", False, live=True),
        "tenant_id": OWNER,
        "shared": flag("Whether all projects may use it", False),
        "tags": TAG_LIST,
    }
    attributes = attributes(
        name="Its name",
        prefixes=a_list("What it is made of"),
        address_scope_id="In which no addresses overlap",
        default_quota=a_number("What a project may take of it"),
        default_prefixlen=a_number("A subnet's, if it says none"),
        min_prefixlen=a_number("Of the largest subnet"),
        max_prefixlen=a_number("Of the smallest subnet"),
        ip_version=a_number("4 or 6"),
        is_default=a_flag("Whether it is taken if none is named"),
        tenant_id="The project that owns it",
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """The three lengths are in order."""
        given = [name for name in _LENGTHS if isinstance(properties[name], int)]
        for shorter, longer in pairwise(given):
            if properties[shorter] > properties[longer]:
                raise Invalid(f"{shorter} is greater than {longer}")


class AddressScope(NetworkThing):
    """Pools in which no addresses overlap."""

    name = "OS::Neutron::AddressScope"
    description = "Pools in which no addresses overlap."
    shelf = "neutron.address_scope"
    properties = {
        "name": named("the scope"),
        "shared": flag("Whether all projects may use it", False, live=True),
        "tenant_id": OWNER,
        "ip_version": whole("4 or 6", 4, one_of=(4, 6)),
    }
    attributes = attributes(
        name="Its name",
        ip_version=a_number("4 or 6"),
        shared=a_flag("Whether all projects may use it"),
        tenant_id="The project that owns it",
    )


TYPES = (SubnetPool(), AddressScope())

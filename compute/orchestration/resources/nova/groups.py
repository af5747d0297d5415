"""``OS::Nova::ServerGroup``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.markless import MarklessThing
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    mapping,
    text,
    texts,
    whole,
)

POLICIES = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")


class ServerGroup(MarklessThing):
    """Servers that are to be near each other, or apart."""

    name = "OS::Nova::ServerGroup"
    description = "Servers that are to be near each other, or apart."
    shelf = "nova.server_group"
    alike = ("name",)
    aside = frozenset({"policies"})
    properties = {
        "name": text("The name of the group"),
        "policies": texts(
            "Near or apart, strictly or if it can be",
            ["anti-affinity"],
            one_of=POLICIES,
        ),
        "rules": mapping(
            "How strictly", {"max_server_per_host": whole("On one host", least=1)}
        ),
    }
    attributes = attributes(
        name="Its name",
        policies=a_list("Near or apart"),
        members=a_list("The ids of its servers"),
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """One policy, not two that contradict each other."""
        super().validate(properties)
        given = properties["policies"]
        if isinstance(given, list) and len(given) != 1:
            raise Invalid("policies: exactly one is needed")

    def new_body(self, work: Work) -> dict[str, Any]:
        """Nova knows one policy."""
        (policy,) = work.properties["policies"]
        return {**super().new_body(work), "policy": policy}

    def shown(self, work: Work, shown: Mapping[str, Any], name: str) -> Any:
        """The policy as a list."""
        if name == "policies":
            return [shown["policy"]]
        return super().shown(work, shown, name)


TYPES = (ServerGroup(),)

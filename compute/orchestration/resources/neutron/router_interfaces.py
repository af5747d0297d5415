"""``OS::Neutron::RouterInterface``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import (
    ResourceType,
)
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import NETWORK, find
from compute.orchestration.resources.frame.schemas import (
    text,
)
from compute.orchestration.resources.frame.things import wait_while_held
from compute.orchestration.resources.neutron.network_thing import (
    one_way,
)
from objectstore.kernel.errors import Rejected

_NAMES = (("router", "router_id"), ("subnet", "subnet_id"), ("port", "port_id"))


class RouterInterface(ResourceType):
    """A subnet's way to a router.  Its id is made of theirs."""

    name = "OS::Neutron::RouterInterface"
    description = "Ties a subnet, or a port, to a router."
    properties = {
        "router": text("The router", is_a="neutron.router"),
        "router_id": text("The older name of router", is_a="neutron.router"),
        "subnet": text("The subnet whose gateway it is", is_a="neutron.subnet"),
        "subnet_id": text("The older name of subnet", is_a="neutron.subnet"),
        "port": text("The port to be it", is_a="neutron.port"),
        "port_id": text("The older name of port", is_a="neutron.port"),
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """A router, and a subnet or a port."""
        if not one_way(properties, "router", "router_id"):
            raise Invalid("Property router not assigned")
        ways = [name for name in _NAMES[1:] if one_way(properties, *name)]
        if len(ways) != 1:
            raise Invalid("One of subnet and port is needed")

    def create(self, work: Work) -> None:
        """Tie them, unless they are."""
        router, body = self._ends(work)
        work.made(lambda: self._tie(work, router, body), lambda: self.find_lost(work))

    def _ends(self, work: Work) -> tuple[str, dict[str, str]]:
        found = {}
        for name, older in _NAMES:
            given = work.properties[name] or work.properties[older]
            if given:
                found[older] = find(work.cloud, f"neutron.{name}", given)
        router = found.pop("router_id")
        if "subnet_id" in found and "port_id" in found:
            del found["subnet_id"]
        return router, found

    def _tie(self, work: Work, router: str, body: Mapping[str, str]) -> str:
        work.cloud.put(NETWORK, "routers", router, "add_router_interface", body=body)
        return _interface_id(router, body)

    def find_lost(self, work: Work) -> str | None:
        """The same two, tied."""
        try:
            router, body = self._ends(work)
        except Rejected as refusal:
            if refusal.status == 404:
                return None
            raise
        for port in work.cloud.pages(NETWORK, "ports", "ports", device_id=router):
            subnets = {each["subnet_id"] for each in port["fixed_ips"]}
            if body.get("port_id") == port["id"] or body.get("subnet_id") in subnets:
                return _interface_id(router, body)
        return None

    def delete(self, work: Work) -> None:
        """Untie them; it is no matter which of the two is gone."""
        if not work.physical_id:
            return
        router, _, end = work.physical_id.partition(":")
        field, _, value = end.partition("=")
        path = ("routers", router, "remove_router_interface")
        try:
            work.cloud.put(NETWORK, *path, body={field: value})
        except Rejected as refusal:
            if refusal.status != 404:
                wait_while_held(work, refusal)


def _interface_id(router: str, body: Mapping[str, str]) -> str:
    (field, value), *_ = body.items()
    return f"{router}:{field}={value}"


TYPES = (RouterInterface(),)

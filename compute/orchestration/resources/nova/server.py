"""``OS::Nova::Server``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.resource_type import Change, Definition, ResourceType
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.frame.asking import post
from compute.orchestration.resources.frame.finding import COMPUTE, NETWORK
from compute.orchestration.resources.frame.things import refuse
from compute.orchestration.resources.neutron.network_thing import value_of
from compute.orchestration.resources.nova import (
    server_attributes,
    server_changes,
    server_networks,
    server_order,
    server_snapshot,
)
from compute.orchestration.resources.nova.server_schema import (
    ATTRIBUTES,
    PRESERVE,
    PROPERTIES,
)

VERSION_HEADER, ORDER_HEADER = "X-OpenStack-Nova-API-Version", "Idempotency-Key"
# Tags of new servers came with 2.52; files for them ended with 2.57.
VERSION, FILES_VERSION = "2.79", "2.56"
ERROR, SUSPENDED = "ERROR", "SUSPENDED"
DELETED = ("DELETED", "SOFT_DELETED")
SUBNET, INTERFACE = "OS::Neutron::Subnet", "OS::Neutron::RouterInterface"


class Server(ResourceType):
    """A server.  Its tag ``stack-resource=...`` says which resource it is."""

    name = "OS::Nova::Server"
    description = "A server: a guest on one of the cloud's hosts."
    properties = PROPERTIES
    attributes = ATTRIBUTES
    never = {
        "reservation_id": "an order is known by its servers' tags",
        "deployment_swift_data": "guests are not told configs by objects",
    }

    # ---- pure --------------------------------------------------------------------

    def validate(self, properties: Mapping[str, Any]) -> None:
        """Something to boot from, and places that can be."""
        refuse(self.never, properties)
        devices = properties["block_device_mapping_v2"]
        older = properties["block_device_mapping"]
        if devices and older:
            raise Invalid("block_device_mapping: _v2 is given, too")
        if not properties["image"] and not devices and not older:
            raise Invalid("image: there is nothing to boot from")
        if properties["image_update_policy"] == PRESERVE:
            raise Invalid("image_update_policy: a rebuilt server has new disks")
        server_networks.check(properties["networks"], properties["security_groups"])

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """The subnets of its networks: it gets addresses of them."""
        places = value_of(mine, "networks")
        networks = [
            place.get("network") or place.get("uuid")
            for place in (places if isinstance(places, list) else ())
            if isinstance(place, Mapping)
        ]
        return [
            name
            for name, other in others.items()
            if other.type == SUBNET
            and value_of(other, "network", "network_id") in networks
        ]

    def must_replace(self, change: Change) -> bool:
        """Also as the policies of the template say."""
        return super().must_replace(change) or server_changes.must_replace(change)

    # ---- create --------------------------------------------------------------------

    def create(self, work: Work) -> None:
        """Order it, once."""
        work.made(lambda: self._order(work), lambda: self.find_lost(work))

    def _order(self, work: Work) -> str:
        """Under the resource's marker: the same order twice is one server."""
        body = server_order.order(work, server_networks.ordered(work))
        version = FILES_VERSION if "personality" in body["server"] else VERSION
        headers = {VERSION_HEADER: version, ORDER_HEADER: work.marker}
        document = post(work.cloud, COMPUTE, "/servers", body, headers)
        return str(document["server"]["id"])

    def find_lost(self, work: Work) -> str | None:
        """The server with its tag."""
        query = {"tags": server_order.tag_of(work)}
        found = work.cloud.pages(COMPUTE, "servers", "servers", "detail", **query)
        return next((str(each["id"]) for each in found), None)

    def is_created(self, work: Work) -> bool:
        """Whether it runs."""
        return bool(self._show(work)["status"] == "ACTIVE")

    # ---- change --------------------------------------------------------------------

    def update(self, work: Work, change: Change) -> None:
        """Begin the first of the steps."""
        server_changes.begin(work, change)

    def is_updated(self, work: Work) -> bool:
        """One step further."""
        return server_changes.go_on(work, self._show(work))

    def suspend(self, work: Work) -> None:
        """Its memory goes to its host's disk."""
        server = self._show(work)
        if server["status"] == "ACTIVE" and not server.get(server_changes.TASK):
            server_changes.act(work, "suspend")

    def is_suspended(self, work: Work) -> bool:
        """Whether it is."""
        return bool(self._show(work)["status"] == SUSPENDED)

    def resume(self, work: Work) -> None:
        """It goes on."""
        server = self._show(work)
        if server["status"] == SUSPENDED and not server.get(server_changes.TASK):
            server_changes.act(work, "resume")

    def is_resumed(self, work: Work) -> bool:
        """Whether it does."""
        return bool(self._show(work)["status"] == "ACTIVE")

    def check(self, work: Work) -> None:
        """It is there and runs."""
        status = self._show(work)["status"]
        if status not in server_changes.SETTLED:
            raise ResourceFailed(f"The server's status is {status}")

    def snapshot(self, work: Work) -> None:
        """Its disk becomes an image."""
        server_snapshot.begin(work)

    def is_snapshotted(self, work: Work) -> bool:
        """Whether it has."""
        return server_snapshot.is_done(work)

    def restored(self, saved: Mapping[str, Any]) -> Mapping[str, Any]:
        """See ``server_snapshot``."""
        return server_snapshot.restored(saved)

    def drop_saved(self, cloud: Cloud, saved: Mapping[str, Any]) -> None:
        """See ``server_snapshot``."""
        server_snapshot.drop(cloud, saved)

    # ---- delete --------------------------------------------------------------------

    def delete(self, work: Work) -> None:
        """It, then the ports that were made for it here."""
        if work.physical_id:
            work.cloud.delete(COMPUTE, "servers", work.physical_id)

    def is_deleted(self, work: Work) -> bool:
        """Whether nothing of it is left."""
        server = self._look(work)
        if server is not None and server["status"] not in DELETED:
            if server["status"] == ERROR and not server.get(server_changes.TASK):
                raise ResourceFailed(_fault(server))
            return False
        for port in server_networks.own_ports(work):
            work.cloud.delete(NETWORK, "ports", str(port["id"]))
        return True

    # ---- look ----------------------------------------------------------------------

    def attribute(self, work: Work, name: str) -> Any:
        """See ``server_attributes``."""
        server = self._look(work)
        return server and server_attributes.attribute(work, server, name)

    def _look(self, work: Work) -> Mapping[str, Any] | None:
        if not work.physical_id:
            return None
        document = work.cloud.find(COMPUTE, "servers", work.physical_id)
        return None if document is None else document["server"]

    def _show(self, work: Work) -> Mapping[str, Any]:
        """``ResourceFailed`` when it is in error, or gone."""
        server = self._look(work)
        if server is None:
            raise ResourceFailed(f"The server {work.physical_id} is not there any more")
        if server["status"] == ERROR:
            raise ResourceFailed(_fault(server))
        return server


def _fault(server: Mapping[str, Any]) -> str:
    fault = server.get("fault") or {}
    text = fault.get("message") or "no reason is known"
    return f"The server went to status ERROR: {text}"


TYPES = (Server(),)

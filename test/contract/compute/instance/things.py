"""What the table of routes names, made when it is asked for, and the bodies that go
with each route."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from compute.agent.drivers.sim.hypervisor import SimHypervisor
from test.fakes.tokens import fake_token
from test.unit.compute.instance.house import OWNER, House

ROLES = "admin,service"
SUBNET = "10.9.0.0/20"
SLOW_SECONDS = 1e6
PUBLIC_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x"
)


class Things:
    """Makes things in a house, a new one for each that is asked for where a route
    may change or delete it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.server_id = house.boot(metadata={"a": "b"})
        self._count = itertools.count(1)
        self._ids: dict[str, str] = {}
        self._lift_limits()
        outside = self._neutral("networks", {"name": "out", "router:external": True})
        self.outside = str(outside["id"])
        self._neutral(
            "subnets",
            {"network_id": self.outside, "cidr": SUBNET, "ip_version": 4},
        )

    # ---- asking ----------------------------------------------------------------

    def ok(self, method: str, path: str, body: Any = None, minor: int = 96) -> Any:
        return self.house.ok(method, path, body, roles=ROLES, version=f"2.{minor}")

    def _lift_limits(self) -> None:
        """As many security groups as routes make."""
        caller = self.house.parts.callers["network"]
        headers = {"X-Auth-Token": fake_token(OWNER, "admin")}
        body = b'{"quota": {"security_group": -1, "floatingip": -1}}'
        answer = caller.request("PUT", f"/v2.0/quotas/{OWNER}", headers, body)
        assert answer.status == 200, answer.read()

    def _neutral(self, collection: str, body: Any) -> Any:
        """Something of the network service."""
        caller = self.house.parts.callers["network"]
        name = collection.replace("-", "_").removesuffix("s")
        headers = {"X-Auth-Token": fake_token(OWNER, "admin")}
        content = orjson.dumps({name: body})
        answer = caller.request("POST", f"/v2.0/{collection}", headers, content)
        found = orjson.loads(answer.read())
        assert answer.status == 201, found
        return found[name]

    @contextlib.contextmanager
    def answering(self, waited_for: bool) -> Iterator[None]:
        """The hosts answer by themselves in the block, if that is waited for."""
        agent = self.house.new_agent(f"agent{self.number()}")
        if waited_for:
            agent.start()
        try:
            yield
        finally:
            if waited_for:
                agent.stop()

    def number(self) -> int:
        return next(self._count)

    def thing(self, name: str, minor: int) -> str:
        """What stands in a path for ``{name}``."""
        return str(MAKERS[name](self, minor))

    # ---- servers ---------------------------------------------------------------

    def server(self, minor: int) -> str:
        return self.server_id

    def spare_server(self) -> str:
        return self.house.boot(f"s{self.number()}")

    def moving(self, minor: int) -> str:
        """A server that moves, and takes its time; it is ``{migration}``."""
        for kit in self.house.kits.values():
            assert isinstance(kit.hypervisor, SimHypervisor)
            kit.hypervisor.move_seconds = SLOW_SECONDS
        server_id = self.spare_server()
        wish = {"host": None, "block_migration": "auto"}
        self.ok("POST", f"/servers/{server_id}/action", {"os-migrateLive": wish})
        self.house.work()
        (one,) = self.ok("GET", f"/servers/{server_id}/migrations")["migrations"]
        self._ids["migration"] = str(one["id"])
        return server_id

    def migration(self, minor: int) -> str:
        return self._ids["migration"]

    def request(self, minor: int) -> str:
        path = f"/servers/{self.server_id}/os-instance-actions"
        return str(self.ok("GET", path)["instanceActions"][0]["request_id"])

    def port(self, minor: int) -> str:
        """One more interface."""
        path = f"/servers/{self.server_id}/os-interface"
        body = {"interfaceAttachment": {"net_id": self.house.network_id}}
        made = self.ok("POST", path, body)["interfaceAttachment"]
        self.house.work()
        return str(made["port_id"])

    def attached(self, minor: int) -> str:
        """A volume that the server has."""
        volume_id = self.house.volume_service.add()
        path = f"/servers/{self.server_id}/os-volume_attachments"
        self.ok("POST", path, {"volumeAttachment": {"volumeId": volume_id}})
        self.house.work()
        return volume_id

    def meta(self, minor: int) -> str:
        path = f"/servers/{self.server_id}/metadata"
        self.ok("POST", path, {"metadata": {"key": "value"}})
        return "key"

    def tag(self, minor: int) -> str:
        self.ok("PUT", f"/servers/{self.server_id}/tags", {"tags": ["blue"]})
        return "blue"

    def token(self, minor: int) -> str:
        path = f"/servers/{self.server_id}/remote-consoles"
        body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
        url = self.ok("POST", path, body)["remote_console"]["url"]
        # A token may begin with any of these characters: no ``lstrip``.
        return str(url.rpartition("token")[2].removeprefix("%3D").removeprefix("="))

    # ---- around servers --------------------------------------------------------

    def flavor(self, minor: int) -> str:
        """A private one with one extra spec."""
        name = f"f{self.number()}"
        self.house.flavor(name, **{"os-flavor-access:is_public": False})
        path = f"/flavors/{name}/os-extra_specs"
        self.ok("POST", path, {"extra_specs": {"colour": "red"}})
        return name

    def image(self, minor: int) -> str:
        """One that the caller owns, with a property."""
        caller = self.house.parts.callers["image"]
        headers = {
            "X-Auth-Token": fake_token(OWNER, "member"),
            "Content-Type": "application/json",
        }
        body = orjson.dumps({"name": "mine", "item": "value"})
        return str(caller.request("POST", "/v2/images", headers, body).json()["id"])

    def aggregate(self, minor: int) -> str:
        body = {"aggregate": {"name": f"a{self.number()}"}}
        return str(self.ok("POST", "/os-aggregates", body)["aggregate"]["id"])

    def keypair(self, minor: int) -> str:
        name = f"k{self.number()}"
        body = {"keypair": {"name": name, "public_key": PUBLIC_KEY}}
        self.ok("POST", "/os-keypairs", body)
        return name

    def servergroup(self, minor: int) -> str:
        body = {"server_group": {"name": "g", "policy": "affinity"}}
        return str(self.ok("POST", "/os-server-groups", body)["server_group"]["id"])

    def host(self, minor: int) -> str:
        return "host0"

    def hypervisor(self, minor: int) -> str:
        found = self.ok("GET", "/os-hypervisors", minor=minor)["hypervisors"]
        return str(found[0]["id"])

    def service(self, minor: int) -> str:
        """Until 2.52 the path says what is done."""
        if minor < 53:
            return "enable"
        return str(self.ok("GET", "/os-services", minor=minor)["services"][0]["id"])

    def lostservice(self, minor: int) -> str:
        """Of a host that came for a moment and has nothing."""
        name = f"lost{self.number()}"
        inventory = {"hypervisor_type": "QEMU", "hypervisor_version": 1}
        inventory |= {"vcpus": 1, "memory_mib": 1, "disk_gib": 1}
        body = {"hosts": [{"host": name, "inventory": inventory}]}
        self.ok("POST", "/internal/hosts/report", body)
        listed = self.ok("GET", f"/os-services?host={name}", minor=minor)
        return str(listed["services"][0]["id"])

    # ---- what other services have ----------------------------------------------

    def group(self, minor: int) -> str:
        return str(self._neutral("security-groups", {"name": "g"})["id"])

    def rule(self, minor: int) -> str:
        body = {
            "security_group_id": self.group(minor),
            "direction": "ingress",
            "protocol": "tcp",
        }
        return str(self._neutral("security-group-rules", body)["id"])

    def floating(self, minor: int) -> str:
        body = {"floating_network_id": self.outside}
        return str(self._neutral("floatingips", body)["id"])

    def volume(self, minor: int) -> str:
        return self.house.volume_service.add()

    def snapshot(self, minor: int) -> str:
        body = {"snapshot": {"volume_id": self.volume(minor)}}
        return str(self.ok("POST", "/os-snapshots", body, minor=1)["snapshot"]["id"])


def _always(text: str) -> Callable[[Things, int], str]:
    return lambda things, minor: text


MAKERS: dict[str, Callable[[Things, int], str]] = {
    "version": _always("v2.1"),
    "alias": _always("os-hosts"),
    "any": _always("1"),
    "spec": _always("colour"),
    "item": _always("item"),
    "label": _always("private"),
    "project": _always(OWNER),
    "class": _always("default"),
    "time": _always("2026-01-01%2000:00:00"),
    "network": lambda things, minor: things.house.network_id,
    **{
        name: getattr(Things, name)
        for name in (
            *("server", "moving", "migration", "request", "port", "attached"),
            *("meta", "tag", "token", "flavor", "image", "aggregate", "keypair"),
            *("servergroup", "host", "hypervisor", "service", "lostservice"),
            *("group", "rule", "floating", "volume", "snapshot"),
        )
    },
}


def _server_order(things: Things, minor: int) -> Any:
    order = things.house.order(f"n{things.number()}", networks=[])
    order["networks"] = [{"uuid": things.house.network_id}]
    return {"server": order}


def _service_change(things: Things, minor: int) -> Any:
    if minor < 53:
        return {"host": "host0", "binary": "nova-compute"}
    return {"status": "enabled"}


def _attachment_change(things: Things, minor: int) -> Any:
    """Until 2.84 it swaps one volume for another."""
    return {"volumeAttachment": {"volumeId": things.volume(minor)}}


def _keypair(things: Things, minor: int) -> Any:
    name = f"k{things.number()}"
    return {"keypair": {"name": name, "public_key": PUBLIC_KEY}}


def _group(things: Things, minor: int) -> Any:
    if minor < 64:
        return {"server_group": {"name": "g", "policies": ["affinity"]}}
    return {"server_group": {"name": "g", "policy": "affinity"}}


def _interface(things: Things, minor: int) -> Any:
    return {"interfaceAttachment": {"net_id": things.house.network_id}}


def _rule(things: Things, minor: int) -> Any:
    rule = {"parent_group_id": things.group(minor), "ip_protocol": "tcp"}
    return {"security_group_rule": {**rule, "from_port": 1, "to_port": 2}}


ORDERS: dict[tuple[str, str], Any] = {
    ("POST", "/flavors"): lambda things, minor: {
        "flavor": {"name": f"f{things.number()}", "ram": 1, "vcpus": 1, "disk": 0}
    },
    ("PUT", "/flavors/{flavor}"): {"flavor": {"description": "x"}},
    ("POST", "/flavors/{flavor}/action"): {"addTenantAccess": {"tenant": "b" * 32}},
    ("POST", "/flavors/{flavor}/os-extra_specs"): {"extra_specs": {"a": "b"}},
    ("PUT", "/flavors/{flavor}/os-extra_specs/{spec}"): {"colour": "blue"},
    ("POST", "/images/{image}/metadata"): {"metadata": {"a": "b"}},
    ("PUT", "/images/{image}/metadata"): {"metadata": {"a": "b"}},
    ("PUT", "/images/{image}/metadata/{item}"): {"meta": {"item": "other"}},
    ("POST", "/os-aggregates"): lambda things, minor: {
        "aggregate": {"name": f"a{things.number()}"}
    },
    ("PUT", "/os-aggregates/{aggregate}"): lambda things, minor: {
        "aggregate": {"name": f"a{things.number()}"}
    },
    ("POST", "/os-aggregates/{aggregate}/action"): {
        "set_metadata": {"metadata": {"a": "b"}}
    },
    ("POST", "/os-aggregates/{aggregate}/images"): lambda things, minor: {
        "cache": [{"id": things.house.image_id}]
    },
    ("POST", "/os-assisted-volume-snapshots"): {
        "snapshot": {
            "volume_id": "12345678-1234-1234-1234-123456789012",
            "create_info": {"snapshot_id": "1", "type": "qcow2", "new_file": "x"},
        }
    },
    ("POST", "/os-baremetal-nodes/{any}/action"): {"add_interface": {"address": "x"}},
    ("POST", "/os-fixed-ips/{any}/action"): {"reserve": None},
    ("POST", "/os-networks/{any}/action"): {"disassociate": None},
    ("PUT", "/os-hosts/{host}"): {"status": "enable"},
    ("POST", "/os-keypairs"): _keypair,
    ("PUT", "/os-quota-class-sets/{class}"): {"quota_class_set": {"cores": 500}},
    ("PUT", "/os-quota-sets/{project}"): {"quota_set": {"cores": 500}},
    ("POST", "/os-security-group-rules"): _rule,
    ("POST", "/os-security-groups"): {"security_group": {"name": "g"}},
    ("PUT", "/os-security-groups/{group}"): {"security_group": {"name": "h"}},
    ("POST", "/os-server-external-events"): lambda things, minor: {
        "events": [{"name": "network-changed", "server_uuid": things.server_id}]
    },
    ("POST", "/os-server-groups"): _group,
    ("PUT", "/os-services/{service}"): _service_change,
    ("POST", "/os-snapshots"): lambda things, minor: {
        "snapshot": {"volume_id": things.volume(minor)}
    },
    ("POST", "/os-volumes"): {"volume": {"size": 1}},
    ("POST", "/os-volumes_boot"): _server_order,
    ("PUT", "/os-volumes_boot/{server}"): {"server": {"name": "web"}},
    ("POST", "/os-volumes_boot/{server}/action"): {"unlock": None},
    ("POST", "/servers"): _server_order,
    ("PUT", "/servers/{server}"): {"server": {"name": "web"}},
    ("POST", "/servers/{server}/action"): {"unlock": None},
    ("POST", "/servers/{server}/metadata"): {"metadata": {"c": "d"}},
    ("PUT", "/servers/{server}/metadata"): {"metadata": {"a": "b"}},
    ("PUT", "/servers/{server}/metadata/{meta}"): {"meta": {"key": "other"}},
    ("POST", "/servers/{moving}/migrations/{migration}/action"): {
        "force_complete": None
    },
    ("POST", "/servers/{server}/os-interface"): _interface,
    ("POST", "/servers/{server}/os-volume_attachments"): _attachment_change,
    ("PUT", "/servers/{server}/os-volume_attachments/{attached}"): _attachment_change,
    ("POST", "/servers/{server}/remote-consoles"): {
        "remote_console": {"protocol": "vnc", "type": "novnc"}
    },
    ("PUT", "/servers/{server}/tags"): {"tags": ["a"]},
}
# These end the server: one of their own.
SPARE = {("DELETE", "/servers/{server}"), ("DELETE", "/os-volumes_boot/{server}")}
QUERIES = {"/os-assisted-volume-snapshots/{any}": "?delete_info={}"}

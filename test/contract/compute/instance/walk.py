"""How each document of the reference's key table is fetched from a live room.

``DOCUMENTS`` has one function for each: it gets the ``Place`` and a microversion, and
returns the object whose keys are compared (the first, where it is one of a list), or
None when the answer is 404 (or, for actions and kinds of key, refused as unknown).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

from test.fakes.tokens import fake_token
from test.unit.compute.instance.house import OWNER, Got, House

PUBLIC_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x"
)
_numbers = itertools.count(1)


@dataclasses.dataclass
class Place:
    """A house with one of everything in it."""

    house: House
    server_id: str
    failed_id: str
    host: str
    empty_host: str
    private_flavor: str
    group_id: str
    aggregate_id: int

    def ask(
        self,
        minor: int,
        method: str,
        path: str,
        body: Any = None,
        *,
        admin: bool = True,
    ) -> Got:
        return self.house.ask(
            method,
            path,
            body,
            version=f"2.{minor}",
            roles="admin,service" if admin else "member",
        )

    def get(self, minor: int, path: str, *keys: Any, admin: bool = True) -> Any:
        return unwrapped(self.ask(minor, "GET", path, admin=admin), *keys)

    def send(
        self,
        minor: int,
        method: str,
        path: str,
        body: Any,
        *keys: Any,
        admin: bool = True,
    ) -> Any:
        return unwrapped(self.ask(minor, method, path, body, admin=admin), *keys)

    def act(
        self, minor: int, name: str, value: Any = None, *, admin: bool = True
    ) -> Got:
        path = f"/servers/{self.server_id}/action"
        return self.ask(minor, "POST", path, {name: value}, admin=admin)

    @property
    def server(self) -> str:
        return f"/servers/{self.server_id}"


def furnished(house: House) -> Place:
    """One of everything."""
    group = {"server_group": {"name": "apart", "policy": "anti-affinity"}}
    group_id = house.ok("POST", "/os-server-groups", group)["server_group"]["id"]
    house.ok(
        "POST", "/os-keypairs", {"keypair": {"name": "mine", "public_key": PUBLIC_KEY}}
    )
    server_id = house.boot(key_name="mine", user_data="aGVsbG8=", metadata={"a": "b"})
    house.flavor("huge", vcpus=4096)
    failed_id = house.boot("huge", flavorRef="huge", networks="none")
    host = house.show(server_id)["OS-EXT-SRV-ATTR:host"]
    empty = next(name for name in house.kits if name != host)
    house.flavor("private", **{"os-flavor-access:is_public": False})
    given = {"addTenantAccess": {"tenant": OWNER}}
    house.ok("POST", "/flavors/private/action", given, roles="admin")
    aggregate = house.ok(
        "POST", "/os-aggregates", {"aggregate": {"name": "rack"}}, roles="admin"
    )
    outside = b'{"network": {"name": "outside", "router:external": true}}'
    headers = {"X-Auth-Token": fake_token(OWNER, "admin")}
    made = house.parts.callers["network"]
    assert made.request("POST", "/v2.0/networks", headers, outside).status == 201
    house.clock.advance(3600)  # there is something to be told of usage
    house.agent.report()
    return Place(
        house,
        server_id,
        failed_id,
        host,
        empty,
        "private",
        group_id,
        aggregate["aggregate"]["id"],
    )


def unwrapped(got: Got, *keys: Any) -> Any:
    """What is at that place of a good answer; None for one that is not there."""
    if got.status == 404:
        return None
    assert 200 <= got.status < 300, (got.status, got.body[:500])
    value = got.json if got.body else {}
    for key in keys:
        value = value[key]
    return value


Fetch = Callable[[Place, int], Any]
DOCUMENTS: dict[str, Fetch] = {}


def document(name: str) -> Callable[[Fetch], Fetch]:
    def remember(fetch: Fetch) -> Fetch:
        DOCUMENTS[name] = fetch
        return fetch

    return remember


def plain(name: str, path: str, *keys: Any, admin: bool = True) -> None:
    """A document that one GET shows; the path's ``{names}`` are the place's."""

    def fetch(place: Place, minor: int) -> Any:
        return place.get(minor, path.format(place=place), *keys, admin=admin)

    DOCUMENTS[name] = fetch


# ---- servers -------------------------------------------------------------------

_S = "{place.server}"
plain("server-show-member", _S, "server", admin=False)
plain("server-show-admin", _S, "server")
plain("server-detail-member", "/servers/detail?name=web", "servers", 0, admin=False)
plain("server-list", "/servers", "servers", 0)
plain("server-image", _S, "server", "image")
plain("server-flavor", _S, "server", "flavor")
plain("server-address-in-show", _S, "server", "addresses", "private", 0)
plain("server-address-in-ips", _S + "/ips", "addresses", "private", 0)
plain(
    "server-fault-of-member",
    "/servers/{place.failed_id}",
    "server",
    "fault",
    admin=False,
)
plain("server-fault-of-admin", "/servers/{place.failed_id}", "server", "fault")
plain("server-metadata", _S + "/metadata")
plain("server-metadata-item", _S + "/metadata/a")
plain("server-tags", _S + "/tags")
plain("server-topology", _S + "/topology")
plain("server-security-group", _S + "/os-security-groups", "security_groups", 0)
plain("server-password", _S + "/os-server-password")
plain("server-interface", _S + "/os-interface", "interfaceAttachments", 0)
plain(
    "server-interface-address",
    _S + "/os-interface",
    "interfaceAttachments",
    0,
    "fixed_ips",
    0,
)
plain(
    "server-virtual-interface", _S + "/os-virtual-interfaces", "virtual_interfaces", 0
)
plain("server-action-list", _S + "/os-instance-actions", "instanceActions", 0)


@document("server-create")
def _create(place: Place, minor: int) -> Any:
    body = {"server": place.house.order(f"n{minor}", networks=[])}
    body["server"]["min_count"] = 1
    body["server"]["flavorRef"] = "huge"  # comes to nothing: there is no such host
    return place.send(minor, "POST", "/servers", body, "server", admin=False)


@document("server-update-member")
def _update(place: Place, minor: int) -> Any:
    body = {"server": {"name": "web"}}
    return place.send(minor, "PUT", place.server, body, "server", admin=False)


@document("server-rebuild-admin")
def _rebuild(place: Place, minor: int) -> Any:
    got = place.act(minor, "rebuild", {"imageRef": place.house.image_id})
    place.house.work()
    return unwrapped(got, "server")


@document("create-image")
def _create_image(place: Place, minor: int) -> Any:
    got = place.act(minor, "createImage", {"name": f"i{minor}"}, admin=False)
    assert bool(got.headers.get("location")) == (minor < 45), dict(got.headers)
    place.house.work()
    return unwrapped(got)


@document("rescue")
def _rescue(place: Place, minor: int) -> Any:
    got = place.act(minor, "rescue", admin=False)
    place.house.work()
    ended = place.act(minor, "unrescue", admin=False)
    assert ended.status == 202, ended.body
    place.house.work()
    return unwrapped(got)


def _action(place: Place, minor: int, *, admin: bool) -> Any:
    path = f"{place.server}/os-instance-actions"
    listed = place.get(96, path, "instanceActions")
    request_id = listed[-1]["request_id"]
    return place.get(minor, f"{path}/{request_id}", "instanceAction", admin=admin)


@document("server-action-of-member")
def _action_member(place: Place, minor: int) -> Any:
    return _action(place, minor, admin=False)


@document("server-action-of-admin")
def _action_admin(place: Place, minor: int) -> Any:
    return _action(place, minor, admin=True)


@document("server-action-event-of-member")
def _event_member(place: Place, minor: int) -> Any:
    events = _action(place, minor, admin=False).get("events")
    return events[0] if events else None


@document("server-action-event-of-admin")
def _event_admin(place: Place, minor: int) -> Any:
    return _action(place, minor, admin=True)["events"][0]


# ---- consoles ------------------------------------------------------------------


@document("remote-console")
def _console(place: Place, minor: int) -> Any:
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    path = f"{place.server}/remote-consoles"
    return place.send(minor, "POST", path, body, "remote_console")


@document("vnc-console-of-old")
def _old_console(place: Place, minor: int) -> Any:
    got = place.act(minor, "os-getVNCConsole", {"type": "novnc"})
    return None if got.status == 400 else unwrapped(got, "console")


# ---- flavors, keypairs, groups -------------------------------------------------

plain("flavor-list", "/flavors", "flavors", 0)
plain("flavor-show", "/flavors/small", "flavor")
plain("flavor-detail", "/flavors/detail", "flavors", 0)
plain("keypair-list", "/os-keypairs", "keypairs", 0, "keypair", admin=False)
plain("keypair-show", "/os-keypairs/mine", "keypair", admin=False)
plain("server-group", "/os-server-groups/{place.group_id}", "server_group")


@document("flavor-create")
def _flavor_create(place: Place, minor: int) -> Any:
    body = {"flavor": {"name": f"f{next(_numbers)}", "ram": 1, "vcpus": 1, "disk": 0}}
    return place.send(minor, "POST", "/flavors", body, "flavor")


@document("flavor-update")
def _flavor_update(place: Place, minor: int) -> Any:
    body = {"flavor": {"description": None}}
    return place.send(minor, "PUT", "/flavors/small", body, "flavor")


@document("flavor-access")
def _flavor_access(place: Place, minor: int) -> Any:
    path = f"/flavors/{place.private_flavor}/os-flavor-access"
    return place.get(minor, path, "flavor_access", 0)


@document("keypair-import")
def _keypair_import(place: Place, minor: int) -> Any:
    body = {"keypair": {"name": f"k{next(_numbers)}", "public_key": PUBLIC_KEY}}
    return place.send(minor, "POST", "/os-keypairs", body, "keypair", admin=False)


@document("keypair-made-here")
def _keypair_made(place: Place, minor: int) -> Any:
    body = {"keypair": {"name": f"k{next(_numbers)}"}}
    got = place.ask(minor, "POST", "/os-keypairs", body, admin=False)
    return None if got.status == 400 else unwrapped(got, "keypair")


# ---- limits and quotas ---------------------------------------------------------

plain("limits", "/limits", "limits", admin=False)
plain("limits-absolute", "/limits", "limits", "absolute", admin=False)
plain("quota-set", f"/os-quota-sets/{OWNER}", "quota_set")
plain("quota-set-defaults", f"/os-quota-sets/{OWNER}/defaults", "quota_set")
plain("quota-set-detail-item", f"/os-quota-sets/{OWNER}/detail", "quota_set", "cores")
plain("quota-class-set", "/os-quota-class-sets/default", "quota_class_set")
_USAGE = "/os-simple-tenant-usage"
_SINCE = "start=2001-01-01T00:00:00"


@document("quota-set-update")
def _quota_update(place: Place, minor: int) -> Any:
    body = {"quota_set": {"key_pairs": 500}}
    return place.send(minor, "PUT", f"/os-quota-sets/{OWNER}", body, "quota_set")


@document("quota-class-set-update")
def _class_update(place: Place, minor: int) -> Any:
    body = {"quota_class_set": {"key_pairs": 500}}
    path = "/os-quota-class-sets/default"
    return place.send(minor, "PUT", path, body, "quota_class_set")


@document("usage-list")
def _usages(place: Place, minor: int) -> Any:
    place.house.clock.advance(60)  # a rebuilt server begins anew
    place.house.agent.report()
    return place.get(minor, f"{_USAGE}?{_SINCE}", "tenant_usages", 0)


@document("usage-show")
def _usage(place: Place, minor: int) -> Any:
    return place.get(minor, f"{_USAGE}/{OWNER}?{_SINCE}", "tenant_usage")


@document("usage-server")
def _usage_server(place: Place, minor: int) -> Any:
    found = place.get(minor, f"{_USAGE}/{OWNER}?{_SINCE}", "tenant_usage")
    return found["server_usages"][0]


@document("usage-show-page")
def _usage_page(place: Place, minor: int) -> Any:
    return place.get(minor, f"{_USAGE}/{OWNER}?{_SINCE}&limit=1")


# ---- hosts ---------------------------------------------------------------------

plain("zone", "/os-availability-zone/detail", "availabilityZoneInfo", 0)
plain("hypervisor-list", "/os-hypervisors", "hypervisors", 0)
plain("hypervisor-search", "/os-hypervisors/host/search", "hypervisors", 0)
plain("hypervisor-servers", "/os-hypervisors/{place.host}/servers", "hypervisors", 0)
plain("hypervisor-statistics", "/os-hypervisors/statistics", "hypervisor_statistics")
plain("service-list", "/os-services", "services", 0)
plain("aggregate-show", "/os-aggregates/{place.aggregate_id}", "aggregate")


@document("zone-service")
def _zone_service(place: Place, minor: int) -> Any:
    zones = place.get(minor, "/os-availability-zone/detail", "availabilityZoneInfo")
    (hosts,) = [zone["hosts"] for zone in zones if place.host in zone["hosts"]]
    return hosts[place.host]["nova-compute"]


def _hypervisor_id(place: Place, minor: int) -> Any:
    found = place.get(minor, "/os-hypervisors", "hypervisors")
    return next(
        each["id"] for each in found if each["hypervisor_hostname"] == place.host
    )


@document("hypervisor-show")
def _hypervisor(place: Place, minor: int) -> Any:
    key = _hypervisor_id(place, minor)
    return place.get(minor, f"/os-hypervisors/{key}", "hypervisor")


@document("hypervisor-service")
def _hypervisor_service(place: Place, minor: int) -> Any:
    return _hypervisor(place, minor)["service"]


@document("hypervisor-uptime")
def _uptime(place: Place, minor: int) -> Any:
    key = _hypervisor_id(place, minor)
    return place.get(minor, f"/os-hypervisors/{key}/uptime", "hypervisor")


def _with_servers(place: Place, minor: int, host: str) -> Any:
    query = f"?with_servers=true&hypervisor_hostname_pattern={host}"
    return place.get(minor, f"/os-hypervisors{query}", "hypervisors", 0)


@document("hypervisor-with-servers")
def _full_hypervisor(place: Place, minor: int) -> Any:
    return _with_servers(place, minor, place.host) if minor >= 53 else None


@document("hypervisor-without-servers-asked-for-them")
def _empty_hypervisor(place: Place, minor: int) -> Any:
    return _with_servers(place, minor, place.empty_host) if minor >= 53 else None


def _service_put(place: Place, minor: int, action: str, **more: Any) -> Any:
    body = {"host": place.empty_host, "binary": "nova-compute", **more}
    return place.send(minor, "PUT", f"/os-services/{action}", body, "service")


@document("service-enable")
def _enable(place: Place, minor: int) -> Any:
    return _service_put(place, minor, "enable")


@document("service-disable-log-reason")
def _disable(place: Place, minor: int) -> Any:
    found = _service_put(place, minor, "disable-log-reason", disabled_reason="x")
    place.ask(
        52,
        "PUT",
        "/os-services/enable",
        {"host": place.empty_host, "binary": "nova-compute"},
    )
    return found


@document("service-force-down")
def _force_down(place: Place, minor: int) -> Any:
    return _service_put(place, minor, "force-down", forced_down=False)


@document("service-update")
def _service_update(place: Place, minor: int) -> Any:
    services = place.get(96, "/os-services", "services")
    key = services[0]["id"]
    body = {"status": "enabled"}
    return place.send(minor, "PUT", f"/os-services/{key}", body, "service")


@document("aggregate-create")
def _aggregate_create(place: Place, minor: int) -> Any:
    body = {"aggregate": {"name": f"a{next(_numbers)}"}}
    return place.send(minor, "POST", "/os-aggregates", body, "aggregate")


@document("external-event")
def _external_event(place: Place, minor: int) -> Any:
    event = {"name": "network-changed", "server_uuid": place.server_id}
    path = "/os-server-external-events"
    return place.send(minor, "POST", path, {"events": [event]}, "events", 0)


# ---- the older API's proxies ---------------------------------------------------

plain("extension", "/extensions", "extensions", 0)
plain("image-show", "/images/{place.house.image_id}", "image")
plain("security-group-show", "/os-security-groups", "security_groups", 0)
plain("floating-ip-pool", "/os-floating-ip-pools", "floating_ip_pools", 0)
plain("tenant-network", "/os-tenant-networks", "networks", 0)

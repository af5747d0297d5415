"""A server's places on networks: what is ordered, and what an update changes.

A place that asks for more than a network and an address (a subnet, a floating IP,
properties of the port) has a port that is made for it here, under a name and number of
its own, and goes with the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import COMPUTE, NETWORK, find
from compute.orchestration.resources.frame.things import without_none
from compute.orchestration.resources.nova.server_order import place_tag_of, reference
from objectstore.kernel.errors import Unavailable

Place = Mapping[str, Any]
OWN_PORT = ("subnet", "floating_ip", "port_extra_properties")
# Remembered: how many numbers of own ports there may be.
NUMBERS = "port_numbers"


def check(places: Any, groups: Any) -> None:
    """Raise ``Invalid`` for places that cannot be."""
    if not isinstance(places, list):
        return
    given = [_given(each) for each in places if isinstance(each, Mapping)]
    for place in given:
        if "allocate_network" in place:
            if len(given) > 1 or len(place) > 1:
                raise Invalid("networks: allocate_network stands alone")
        elif not place.keys() & {"network", "uuid", "port", "subnet"}:
            raise Invalid("networks: one of network, port and subnet is needed")
        if "port" in place:
            for name in ("fixed_ip", "port_extra_properties", "subnet"):
                if name in place:
                    raise Invalid(f"networks: {name} cannot be given with port")
    only_ports = given and all("port" in place for place in given)
    if only_ports and groups:
        raise Invalid("security_groups: they are the ports' own, where ports are given")


def _given(place: Place) -> dict[str, Any]:
    return {name: value for name, value in place.items() if value is not None}


def ordered(work: Work) -> str | list[dict[str, Any]]:
    """``networks`` of the order; makes the ports that it needs, once."""
    places = places_of(work)
    if not places:
        return "auto"
    word = places[0].get("allocate_network")
    if word:
        return str(word)
    take_over(work, places)
    return [_nic(work, number, each) for number, each in enumerate(places)]


def places_of(work: Work) -> list[dict[str, Any]]:
    """The places of the template, ids for names."""
    found = reference(work.cloud, "networks", work.properties["networks"] or [])
    places: list[dict[str, Any]] = without_none(found)
    for place in places:
        if "uuid" in place:
            place.setdefault("network", place.pop("uuid"))
    return places


def _nic(work: Work, number: int, place: Place) -> dict[str, Any]:
    tag = {"tag": place["tag"]} if "tag" in place else {}
    if place.keys() & set(OWN_PORT):
        return {"port": own_port(work, number, place), **tag}
    if "port" in place:
        return {"port": place["port"], **tag}
    fixed = {"fixed_ip": place["fixed_ip"]} if "fixed_ip" in place else {}
    return {"uuid": place["network"], **fixed, **tag}


def take_over(work: Work, places: Sequence[Place]) -> None:
    """Take ports and addresses from the server that this one replaces, or that has
    replaced this one.  ``Unavailable`` while it lets go."""
    for place in places:
        port = _port_of(work, place)
        server = port and port["device_id"]
        if not server or server == work.physical_id:
            continue
        document = work.cloud.find(COMPUTE, "servers", server)
        if document and place_tag_of(work) in document["server"]["tags"]:
            path = ("servers", server, "os-interface", port["id"])
            work.cloud.delete(COMPUTE, *path)
            raise Unavailable(f"port {port['id']} is still of server {server}")


def _port_of(work: Work, place: Place) -> Any:
    if "port" in place:
        document = work.cloud.find(NETWORK, "ports", place["port"])
        return document and document["port"]
    if "fixed_ip" not in place or "network" not in place:
        return None
    there = work.cloud.pages(NETWORK, "ports", "ports", network_id=place["network"])
    return next(
        (
            port
            for port in there
            if place["fixed_ip"] in [each["ip_address"] for each in port["fixed_ips"]]
        ),
        None,
    )


# ---- ports of its own ------------------------------------------------------------


def own_port(work: Work, number: int, place: Place) -> str:
    """The port of that place, made when it is not there; its id."""
    if "port" in place:
        port = str(place["port"])
    else:
        there = _numbered(work, number)
        port = str(there[0]["id"]) if there else _make_port(work, number, place)
    if "floating_ip" in place:
        body = {"floatingip": {"port_id": port}}
        work.cloud.put(NETWORK, "floatingips", place["floating_ip"], body=body)
    return port


def _name(work: Work, number: int) -> str:
    return f"{work.physical_name}-{number}"


def _numbered(work: Work, number: int) -> list[Any]:
    """The own port of that number, if there is one."""
    name = _name(work, number)
    return list(work.cloud.pages(NETWORK, "ports", "ports", name=name))


def _make_port(work: Work, number: int, place: Place) -> str:
    name = _name(work, number)
    extra = dict(place.get("port_extra_properties") or {})
    body: dict[str, Any] = {**extra.pop("value_specs", {}), **extra, "name": name}
    body.pop("no_fixed_ips", None)
    if "qos_policy" in body:
        body["qos_policy_id"] = body.pop("qos_policy")
    fixed = {
        "subnet_id": place.get("subnet"),
        "ip_address": place.get("fixed_ip"),
    }
    if any(fixed.values()):
        body["fixed_ips"] = [without_none(fixed)]
    body["network_id"] = place.get("network") or _network_of(work, place["subnet"])
    if groups := work.properties["security_groups"]:
        kind = "neutron.security_group"
        body["security_groups"] = [find(work.cloud, kind, each) for each in groups]
    made = work.cloud.post(NETWORK, "ports", body={"port": body})
    return str(made["port"]["id"])


def _network_of(work: Work, subnet: str) -> str:
    found = work.cloud.get(NETWORK, "subnets", subnet)["subnet"]
    return str(found["network_id"])


def own_ports(work: Work) -> Iterator[Any]:
    """The ports that were made for the server here."""
    places = work.properties["networks"] or []
    for number in range(max(len(places), work.data.get(NUMBERS, 0))):
        yield from _numbered(work, number)


# ---- changes ---------------------------------------------------------------------


def is_other_kind(before: Any, after: Any) -> bool:
    """Whether networks change in a way that only a new server can follow: from or to
    what the cloud chooses by itself, or where a place is more than an address."""
    if not before or not after:
        return True
    places = [_given(each) for each in (*before, *after)]
    special = {"allocate_network", "floating_ip", "port_extra_properties"}
    return any(place.keys() & special for place in places)


def numbers_of(work: Work, before: Sequence[Place]) -> dict[str, int]:
    """To be remembered before places change: the numbers that own ports may have."""
    after = work.properties["networks"] or []
    known = work.data.get(NUMBERS, 0)
    return {NUMBERS: max(known, len(before) + len(after))}


def settle(work: Work, before: Sequence[Place]) -> bool:
    """Bring the interfaces to what the template wants: True when they are, False when
    it is to be looked at again.  Those that nobody of the template asked for stay."""
    wanted = sorted(places_of(work), key=_vagueness)
    free = _interfaces(work)
    missing = [place for place in wanted if not _take(free, place)]
    gone = [dict(place) for place in before]
    going = []
    for interface in free:
        if _take_place(gone, interface):
            going.append(interface)
    if going:
        for interface in going:
            path = ("servers", work.physical_id, "os-interface", interface["port_id"])
            work.cloud.delete(COMPUTE, *path)
        return False
    if missing:
        take_over(work, missing[:1])
        _attach(work, missing[0])
        return False
    _remove_unused(work)
    return True


def _vagueness(place: Place) -> int:
    """Whoever asks for one thing only chooses first."""
    order = ("port", "fixed_ip", "subnet")
    return next((n for n, name in enumerate(order) if name in place), len(order))


def _interfaces(work: Work) -> list[Place]:
    document = work.cloud.get(COMPUTE, "servers", work.physical_id, "os-interface")
    found: list[Place] = document["interfaceAttachments"]
    return found


def _matches(interface: Place, place: Place) -> bool:
    if "port" in place:
        return bool(interface["port_id"] == place["port"])
    there = interface["fixed_ips"]
    return (
        _is_any(place.get("network"), [interface["net_id"]])
        and _is_any(place.get("subnet"), [each["subnet_id"] for each in there])
        and _is_any(place.get("fixed_ip"), [each["ip_address"] for each in there])
    )


def _is_any(wanted: str | None, found: Sequence[str]) -> bool:
    return wanted is None or wanted in found


def _take(interfaces: list[Place], place: Place) -> bool:
    for interface in interfaces:
        if _matches(interface, place):
            interfaces.remove(interface)
            return True
    return False


def _take_place(places: list[dict[str, Any]], interface: Place) -> bool:
    for place in places:
        if _matches(interface, place):
            places.remove(place)
            return True
    return False


def _attach(work: Work, place: Place) -> None:
    body: dict[str, Any]
    if "port" in place:
        body = {"port_id": place["port"]}
    elif "subnet" in place:
        body = {"port_id": _new_own_port(work, place)}
    else:
        body = {"net_id": place["network"]}
        if "fixed_ip" in place:
            body["fixed_ips"] = [{"ip_address": place["fixed_ip"]}]
    path = ("servers", work.physical_id, "os-interface")
    work.cloud.post(COMPUTE, *path, body={"interfaceAttachment": body})


def _new_own_port(work: Work, place: Place) -> str:
    """One that is made now; one that was made before a crash is made again."""
    _remove_unused(work)
    number = next(each for each in count() if not _numbered(work, each))
    return _make_port(work, number, place)


def _remove_unused(work: Work) -> None:
    """Own ports that the server has let go."""
    for port in list(own_ports(work)):
        if not port["device_id"]:
            work.cloud.delete(NETWORK, "ports", str(port["id"]))

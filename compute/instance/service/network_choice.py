"""Which networks a new server gets, checked before anything is promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compute.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
)
from compute.network.client import EVERYBODY, NetworkClient, NetworkFacts

AUTO, NONE = "auto", "none"
Wanted = Sequence[Mapping[str, str]] | str | None


def choose_networks(
    network: NetworkClient,
    project_id: str,
    wanted: Wanted,
    count: int,
    *,
    is_any_allowed: bool = False,
) -> list[Mapping[str, str]]:
    """The interfaces to make: ``{"uuid" | "port", "fixed_ip", "tag"}``.

    ``wanted``: a list, ``auto``, ``none``; None: the project's only network if it
    has one.  ``is_any_allowed``: also external networks and those of other projects,
    when they are named.  Raises ``BadRequest`` for networks that are not there,
    ``Conflict`` for ports in use, or when it is not clear which network is meant.
    """
    if wanted == NONE:
        return []
    if wanted == AUTO:
        return [{"uuid": _automatic(network, project_id)}]
    if wanted is None or isinstance(wanted, str):
        return _usual(network, project_id)
    return [
        _checked_port(network, project_id, each, count)
        if each.get("port")
        else _checked_network(network, project_id, each, count, is_any_allowed)
        for each in wanted
    ]


def usable_network(
    network: NetworkClient, project_id: str, network_id: str, is_any_allowed: bool
) -> NetworkFacts:
    """A network that the project's servers may be on.  ``NotFound``; ``Forbidden``: it
    leads outside, and is neither the project's own nor shared with it."""
    seen_by = EVERYBODY if is_any_allowed else project_id
    facts = network.network(seen_by, network_id)
    is_bound = facts.external and not is_any_allowed
    if is_bound and not network.may_use(project_id, facts.id):
        raise Forbidden(
            f"It is not allowed to create an interface on external network {facts.id}"
        )
    return facts


def ports_of_each(interfaces: Sequence[Mapping[str, str]]) -> int:
    """How many ports are made for a server with these interfaces."""
    return sum(1 for each in interfaces if not each.get("port"))


def _automatic(network: NetworkClient, project_id: str) -> str:
    try:
        return network.default_network(project_id).id
    except NotFound as error:
        raise BadRequest(error.text) from None


def _usual(network: NetworkClient, project_id: str) -> list[Mapping[str, str]]:
    usable = [each for each in network.networks(project_id) if not each.external]
    own = [each for each in usable if each.project_id == project_id]
    found = own or usable
    if len(found) > 1:
        raise Conflict(
            "Multiple possible networks found, use a Network ID to be more specific."
        )
    return [{"uuid": each.id} for each in found]


def _checked_network(
    network: NetworkClient,
    project_id: str,
    wanted: Mapping[str, str],
    count: int,
    is_any_allowed: bool,
) -> Mapping[str, str]:
    if not wanted.get("uuid"):
        raise BadRequest("Each network needs a uuid or a port")
    try:
        facts = usable_network(network, project_id, wanted["uuid"], is_any_allowed)
    except NotFound as error:
        raise BadRequest(error.text) from None
    if not facts.subnet_ids:
        raise BadRequest(
            f"Network {facts.id} requires a subnet in order to boot instances on."
        )
    if wanted.get("fixed_ip") and count > 1:
        raise BadRequest(
            "Unable to launch multiple instances with a single configured fixed address"
        )
    return dict(wanted)


def _checked_port(
    network: NetworkClient, project_id: str, wanted: Mapping[str, str], count: int
) -> Mapping[str, str]:
    if count > 1:
        raise BadRequest(
            "Unable to launch multiple instances with a single configured port ID."
            " Please launch your instance one by one with different ports."
        )
    if wanted.get("fixed_ip"):
        raise BadRequest("Specified Fixed IP cannot be used with port")
    try:
        port = network.port(project_id, wanted["port"])
    except NotFound as error:
        raise BadRequest(error.text) from None
    if port.device_id:
        raise Conflict(f"Port {port.id} is still in use.")
    if port.is_subport:
        raise Conflict(
            f"Port {port.id} is a trunk's subport, whose guest is that of the trunk's"
            " parent port."
        )
    return {key: value for key, value in wanted.items() if key != "uuid"}

"""A guest's figures as metrics, by the names that Ceilometer's users know.  Pure.

``cpu`` and everything of disks and cards grow since the guest was started: their
``rate:mean`` is what happened between two looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compute.agent.guests import DiskUsage, GuestUsage, NicUsage
from compute.core.instants import iso_z
from compute.instance.client import ServerBrief
from compute.metric.client import ResourceToFeed

# Archive policies of the room: of what stands at some height, and of what grows.
HEIGHT = "guests"
GROWTH = "guests-rate"

Metrics = Mapping[str, tuple[str, str, float]]


def resources_of(
    server: ServerBrief, host: str, usage: GuestUsage
) -> Iterator[ResourceToFeed]:
    """The server, its disks, its network cards."""
    attributes = {
        "display_name": server.name,
        "host": host,
        "flavor_id": server.flavor_id,
        "image_ref": server.image_id or None,
        # An alarm of a stack searches by it.
        "server_group": server.server_group or None,
        "created_at": iso_z(server.created_at),
    }
    yield _resource(server, server.id, "instance", attributes, _of_guest(usage))
    for disk in usage.disks:
        part = {"name": disk.name, "instance_id": server.id}
        place = f"{server.id}-{disk.name}"
        yield _resource(server, place, "instance_disk", part, _of_disk(disk))
    for card in usage.nics:
        part = {"name": card.mac, "instance_id": server.id}
        place = f"{server.id}-{card.mac}"
        kind = "instance_network_interface"
        yield _resource(server, place, kind, part, _of_card(card))


def _resource(
    server: ServerBrief,
    resource_id: str,
    kind: str,
    attributes: Mapping[str, str | None],
    metrics: Metrics,
) -> ResourceToFeed:
    return ResourceToFeed(
        resource_id, kind, server.project_id, server.user_id, attributes, metrics
    )


def _of_guest(usage: GuestUsage) -> Metrics:
    return {
        "cpu": ("ns", GROWTH, float(sum(usage.cpu_nanoseconds))),
        "vcpus": ("vcpu", HEIGHT, float(len(usage.cpu_nanoseconds))),
        "memory": ("MB", HEIGHT, float(usage.memory_max_mib)),
        "memory.usage": ("MB", HEIGHT, float(usage.memory_used_mib)),
    }


def _of_disk(disk: DiskUsage) -> Metrics:
    return {
        "disk.device.read.bytes": ("B", GROWTH, float(disk.read_bytes)),
        "disk.device.read.requests": ("request", GROWTH, float(disk.read_requests)),
        "disk.device.write.bytes": ("B", GROWTH, float(disk.write_bytes)),
        "disk.device.write.requests": ("request", GROWTH, float(disk.write_requests)),
    }


def _of_card(card: NicUsage) -> Metrics:
    return {
        "network.incoming.bytes": ("B", GROWTH, float(card.received_bytes)),
        "network.incoming.packets": ("packet", GROWTH, float(card.received_packets)),
        "network.incoming.packets.drop": ("packet", GROWTH, float(card.received_drops)),
        "network.incoming.packets.error": (
            "packet",
            GROWTH,
            float(card.received_errors),
        ),
        "network.outgoing.bytes": ("B", GROWTH, float(card.sent_bytes)),
        "network.outgoing.packets": ("packet", GROWTH, float(card.sent_packets)),
        "network.outgoing.packets.drop": ("packet", GROWTH, float(card.sent_drops)),
        "network.outgoing.packets.error": ("packet", GROWTH, float(card.sent_errors)),
    }

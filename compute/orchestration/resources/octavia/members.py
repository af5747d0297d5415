"""``OS::Octavia::PoolMember`` and ``OS::Octavia::HealthMonitor``."""

from __future__ import annotations

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import find
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    flag,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.octavia.balancer_thing import BalancerThing

PORT_MAX, WEIGHT_MAX = 65535, 256
_METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "OPTIONS",
    "CONNECT",
    "PATCH",
)


class PoolMember(BalancerThing):
    """A server of a pool."""

    name = "OS::Octavia::PoolMember"
    description = "A server of a pool."
    shelf = "octavia.member"
    aside = frozenset({"pool"})
    fields = {"subnet": "subnet_id"}
    properties = {
        "name": text("Its name", live=True),
        "pool": text("Of which pool", required=True, is_a="octavia.pool"),
        "address": text("Its address", required=True),
        "protocol_port": whole(
            "The port that it serves", required=True, least=1, most=PORT_MAX
        ),
        "subnet": text("Of which subnet it is", is_a="neutron.subnet"),
        "weight": whole("Its share", live=True, least=0, most=WEIGHT_MAX),
        "backup": flag("Whether it serves only if no other does", live=True),
        "monitor_address": text("Where it is probed", live=True),
        "monitor_port": whole("The port that is probed", live=True, least=1),
        "admin_state_up": flag("Whether it is switched on", True, live=True),
        "tags": texts("Tags to put on it", live=True),
    }
    attributes = attributes(
        address="Its address",
        pool_id="Its pool",
        operating_status="How it fares",
    )

    def path(self, work: Work) -> tuple[str, ...]:
        """Below the pool."""
        pool = work.properties["pool"]
        if not work.physical_id:
            pool = find(work.cloud, "octavia.pool", pool)
        return ("pools", pool, "members")


class HealthMonitor(BalancerThing):
    """How the members of a pool are probed."""

    name = "OS::Octavia::HealthMonitor"
    description = "How the members of a pool are probed."
    shelf = "octavia.healthmonitor"
    aside = frozenset({"tenant_id"})
    fields = {"pool": "pool_id"}
    properties = {
        "name": text("Its name", live=True),
        "admin_state_up": flag("Whether it is switched on", True, live=True),
        "delay": whole("Seconds between two probes", required=True, live=True, least=0),
        "expected_codes": text("Which answers are well", live=True),
        "http_method": text("How is asked", live=True, one_of=_METHODS),
        "max_retries": whole(
            "Good probes until it is well", required=True, live=True, least=1, most=10
        ),
        "max_retries_down": whole(
            "Bad probes until it is not", live=True, least=1, most=10
        ),
        "pool": text("Of which pool", required=True, is_a="octavia.pool"),
        "timeout": whole("Seconds to wait", required=True, live=True, least=0),
        "type": text(
            "How it is probed",
            required=True,
            one_of=("HTTP", "HTTPS", "TCP", "TLS-HELLO", "PING", "UDP-CONNECT"),
        ),
        "url_path": text("What is asked for", live=True),
        "tenant_id": text("The project that owns it", is_a="keystone.project"),
    }
    attributes = attributes(pools=a_list("Its pool"))


TYPES = (PoolMember(), HealthMonitor())

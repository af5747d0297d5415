"""``OS::Octavia::Listener`` and ``OS::Octavia::Pool``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    flag,
    mapping,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.neutron.network_thing import one_way
from compute.orchestration.resources.octavia.balancer_thing import BalancerThing

PORT_MAX = 65535
COOKIE, APP_COOKIE = "cookie_name", "APP_COOKIE"

_COMMON = {
    "name": text("Its name", live=True),
    "description": text("What it is for", live=True),
    "admin_state_up": flag("Whether it is switched on", True, live=True),
    "tenant_id": text("The project that owns it", is_a="keystone.project"),
}


class Listener(BalancerThing):
    """A port that a load balancer serves."""

    name = "OS::Octavia::Listener"
    description = "A port that a load balancer serves."
    shelf = "octavia.listener"
    aside = frozenset({"tenant_id"})
    fields = {"loadbalancer": "loadbalancer_id", "default_pool": "default_pool_id"}
    properties = {
        **_COMMON,
        "protocol": text(
            "What is spoken",
            required=True,
            one_of=("HTTP", "HTTPS", "TERMINATED_HTTPS", "TCP", "UDP", "PROMETHEUS"),
        ),
        "protocol_port": whole("The port", required=True, least=1, most=PORT_MAX),
        "loadbalancer": text("Of which load balancer", is_a="octavia.loadbalancer"),
        "default_pool": text(
            "Who answers, if no policy says", live=True, is_a="octavia.pool"
        ),
        "default_tls_container_ref": text("Its certificate", live=True),
        "sni_container_refs": texts("Its certificates by names", live=True),
        "connection_limit": whole("At most so many at once", -1, live=True, least=-1),
        "allowed_cidrs": texts("Who may connect", live=True),
    }
    attributes = attributes(
        loadbalancers=a_list("Its load balancer"),
        default_pool_id="Who answers, if no policy says",
        operating_status="How it fares",
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """It is of a load balancer."""
        super().validate(properties)
        if not one_way(properties, "loadbalancer", "default_pool"):
            raise Invalid("One of loadbalancer and default_pool is needed")

    def new_body(self, work: Work) -> dict[str, Any]:
        """The load balancer may be known by the pool only."""
        body = super().new_body(work)
        if "loadbalancer_id" not in body:
            pool = work.cloud.get("load-balancer", "pools", body["default_pool_id"])
            body["loadbalancer_id"] = pool["pool"]["loadbalancers"][0]["id"]
        return body


class Pool(BalancerThing):
    """Servers, and how one is chosen."""

    name = "OS::Octavia::Pool"
    description = "Servers that share what comes, and how one is chosen."
    shelf = "octavia.pool"
    aside = frozenset({"tenant_id"})
    fields = {"loadbalancer": "loadbalancer_id", "listener": "listener_id"}
    properties = {
        **_COMMON,
        "session_persistence": mapping(
            "Who comes again goes to the same one",
            {
                "type": text(
                    "By what he is known",
                    required=True,
                    one_of=("SOURCE_IP", "HTTP_COOKIE", APP_COOKIE),
                ),
                "cookie_name": text("By which cookie"),
            },
            live=True,
        ),
        "lb_algorithm": text(
            "How one is chosen",
            required=True,
            live=True,
            one_of=("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT"),
        ),
        "loadbalancer": text("Of which load balancer", is_a="octavia.loadbalancer"),
        "listener": text("Whose default it is", is_a="octavia.listener"),
        "protocol": text(
            "What is spoken with them",
            required=True,
            one_of=("HTTP", "HTTPS", "TCP", "PROXY", "PROXYV2", "UDP"),
        ),
        "tls_enabled": flag("Whether over TLS", False, live=True),
    }
    attributes = attributes(
        healthmonitor_id="Its health monitor",
        listeners=a_list("The listeners whose default it is"),
        members=a_list("Its members"),
        operating_status="How it fares",
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """It is of a load balancer; its cookie has a name where it needs one."""
        super().validate(properties)
        if not one_way(properties, "loadbalancer", "listener"):
            raise Invalid("One of loadbalancer and listener is needed")
        sessions = properties["session_persistence"]
        if isinstance(sessions, Mapping) and isinstance(sessions.get("type"), str):
            needs = sessions["type"] == APP_COOKIE
            if needs is not bool(sessions.get(COOKIE)):
                raise Invalid(f"session_persistence: {COOKIE} belongs to {APP_COOKIE}")


TYPES = (Listener(), Pool())

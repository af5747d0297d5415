"""What is inside a namespace, as the plan compares it with what should be there."""

from __future__ import annotations

from dataclasses import replace

from compute.network.agent import kernel_namespaces
from compute.network.agent.host.rule_generation import rule_generation
from compute.network.agent.host.rule_loader import RuleLoader
from compute.network.agent.host.shapers import Shapers
from compute.network.agent.model import HOST, SeenNamespace
from compute.network.agent.names import ROUTER_NAMESPACE_PREFIX
from compute.network.agent.netlink.look import look

SYSCTLS_READ = (
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/all/rp_filter",
)


def seen_namespace(name: str, rules: RuleLoader, shapers: Shapers) -> SeenNamespace:
    """Its devices and settings, and of those with rules (the host's own, and routers')
    these and its speeds.  ``Unavailable`` when there is no such namespace."""
    has_rules = name == HOST or name.startswith(ROUTER_NAMESPACE_PREFIX)

    def look_inside() -> tuple[SeenNamespace, int]:
        # The host's own routes are none of our business.
        links, routes = look(with_routes=name != HOST)
        sysctls = kernel_namespaces.read_sysctls(SYSCTLS_READ)
        shaped = shapers.seen(name, links) if has_rules else {}
        seen = SeenNamespace(
            links=links, routes=routes, sysctls=sysctls, shapings=shaped
        )
        return seen, rule_generation() if has_rules else 0

    seen, generation = kernel_namespaces.inside(name, look_inside)
    if not has_rules:
        return seen
    loaded = rules.seen(name, generation)
    return replace(
        seen,
        rules=loaded.rules,
        floating=loaded.floating,
        forwarded=loaded.forwarded,
    )

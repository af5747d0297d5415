"""A load-balanced group of servers, with real haproxy that the host does not notice."""

from __future__ import annotations

from test.functional.compute.apart import need_networks, run_apart

SECONDS_MAX = 240.0
PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "haproxy": "haproxy",
}


def test_a_balanced_group() -> None:
    need_networks(PROGRAMS)
    module = "test.functional.compute.orchestration.balanced_template"
    run_apart(module, seconds=SECONDS_MAX)

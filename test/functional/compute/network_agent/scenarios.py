"""What happens on a host, told as functions; each runs in namespaces of its own.

unshare --net --mount python -m test.functional.compute.network_agent.scenarios NAME
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from test.functional.compute.network_agent import (
    apart,
    between_hosts,
    helped,
    leases,
    meters,
    outages,
    paces,
    speeds,
    trunks,
    walls,
    ways,
)
from test.functional.compute.network_agent.cloud import Cloud
from test.functional.compute.network_agent.from_the_api import (
    the_network_api_is_obeyed,
)

WITH_A_CLOUD: tuple[Callable[[Cloud], None], ...] = (
    leases.a_guest_gets_its_lease,
    leases.a_port_may_have_options_of_its_own,
    leases.an_address_changes_hands,
    leases.names_are_resolved,
    leases.ipv6_addresses_are_advertised,
    leases.ipv6_addresses_are_leased,
    walls.guests_are_closed_until_a_rule_opens_them,
    walls.without_state_answers_need_rules,
    walls.rules_change_without_cutting_others,
    walls.what_leaves_is_judged_too,
    walls.spoofing_is_refused,
    ways.networks_are_routed,
    apart.scopes_are_apart,
    apart.subnets_have_rules,
    ways.routers_meet_on_a_network,
    ways.a_router_lends_its_floating_address,
    ways.ports_are_forwarded,
    helped.what_flows_agree_upon_is_let_through,
    ways.a_floating_address_moves,
    ways.metadata_is_reached,
    ways.metadata_is_reached_by_ipv6,
    speeds.floating_addresses_keep_their_speed,
    speeds.packets_bear_their_mark,
    speeds.ports_keep_their_speed,
    meters.what_leaves_and_comes_is_counted,
    paces.floods_of_packets_are_dammed,
    trunks.a_trunk_carries_its_subports,
    trunks.tags_lead_nowhere_else,
    trunks.speeds_of_a_trunk_are_each_its_own,
    between_hosts.tunnels_are_encrypted,
    outages.what_is_wiped_comes_back,
    outages.a_network_stays_while_the_agent_is_away,
)


def _with_a_cloud(function: Callable[[Cloud], None]) -> Callable[[], None]:
    """With one of which nothing may be left at the end."""

    def run_and_close() -> None:
        cloud = Cloud()
        function(cloud)
        cloud.close()

    return run_and_close


SCENARIOS: dict[str, Callable[[], None]] = {
    **{each.__name__: _with_a_cloud(each) for each in WITH_A_CLOUD},
    "the_network_api_is_obeyed": the_network_api_is_obeyed,
}


def main(name: str) -> None:
    SCENARIOS[name]()


if __name__ == "__main__":
    main(sys.argv[1])

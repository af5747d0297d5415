"""A load balancer with two addresses, behind a group of its project's own."""

from __future__ import annotations

from test.functional.compute.balancer.scene import Scene
from test.functional.compute.network_agent.cloud import wait_for


def it_has_two_addresses(scene: Scene) -> None:
    network, subnet = scene.house.network, scene.house.subnet["id"]
    group = network.make("security_group", name="mine")["id"]
    member = scene.member("one")
    pool = {"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN", "members": [member]}
    balancer = scene.make(
        "loadbalancers",
        "loadbalancer",
        vip_subnet_id=subnet,
        additional_vips=[{"subnet_id": subnet}],
        vip_sg_ids=[group],
        listeners=[{"protocol": "HTTP", "protocol_port": 80, "default_pool": pool}],
    )
    (second,) = (each["ip_address"] for each in balancer["additional_vips"])
    places = [balancer["vip_address"], second]

    def answers() -> list[str]:
        return [scene.curl(f"http://{each}/", "-m", "1") for each in places]

    assert answers() == ["", ""]
    network.make(
        "security_group_rule",
        security_group_id=group,
        direction="ingress",
        protocol="tcp",
        port_range_min=80,
        port_range_max=80,
    )
    wait_for("open", lambda: all('"one"' in each for each in answers()))
    # Back to what the listeners say.
    scene.change(f"loadbalancers/{balancer['id']}", "loadbalancer", vip_sg_ids=[])
    network.delete("security_group", group)
    wait_for("still open", lambda: all('"one"' in each for each in answers()))

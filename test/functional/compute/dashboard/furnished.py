"""A project with something of everything, under names that nobody should choose."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from test.functional.compute.dashboard.conftest import Shown

MARKUP = "<script>alert(1)</script>"
BACKWARDS = "\u202edlrow \U0001f600"
LONG = "long-" * 40
NAMES = (MARKUP, BACKWARDS, LONG)
TEMPLATE = """heat_template_version: 2021-04-16
description: <b>one disk</b>
parameters:
  size: {type: number, default: 1, description: GiB}
resources:
  disk:
    type: OS::Cinder::Volume
    properties: {size: {get_param: size}}
outputs:
  id: {value: {get_resource: disk}}
"""


def furnish(shown: Shown, sdk: Any) -> None:
    """Everything is there when this ends; the servers run."""
    network = sdk.network.create_network(name=MARKUP)
    subnet = sdk.network.create_subnet(
        network_id=network.id, ip_version=4, cidr="10.9.0.0/24", name=BACKWARDS
    )
    outer = sdk.network.find_network("public")
    router = sdk.network.create_router(
        name=LONG, external_gateway_info={"network_id": outer.id}
    )
    sdk.network.add_interface_to_router(router, subnet_id=subnet.id)
    group = sdk.network.create_security_group(name=MARKUP, description=BACKWARDS)
    sdk.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp",
        port_range_min=80, port_range_max=443,
    )  # fmt: skip
    sdk.compute.create_keypair(name="key-1")
    servers = [_server(sdk, name, network.id) for name in NAMES]
    for server in servers:
        sdk.compute.wait_for_server(server)
    volume = sdk.block_storage.create_volume(size=1, name=MARKUP)
    sdk.block_storage.wait_for_status(volume, "available")
    sdk.block_storage.create_snapshot(volume_id=volume.id, name=BACKWARDS)
    port = next(sdk.network.ports(device_id=servers[0].id))
    carried = sdk.network.create_port(network_id=port.network_id, name=MARKUP)
    tag = {"segmentation_type": "vlan", "segmentation_id": 100}
    sdk.network.create_trunk(
        port_id=port.id, name=MARKUP, sub_ports=[{"port_id": carried.id, **tag}]
    )
    address = sdk.network.create_ip(floating_network_id=outer.id)
    sdk.network.update_ip(address, port_id=port.id)
    sdk.compute.create_server_group(name=MARKUP, policy="anti-affinity")
    sdk.compute.create_aggregate(name=LONG, availability_zone=BACKWARDS)
    policy = sdk.network.create_qos_policy(name=MARKUP, description=BACKWARDS)
    sdk.network.create_qos_bandwidth_limit_rule(policy, max_kbps=12_500)
    _objects(sdk)
    body = {"stack_name": "disks", "template": TEMPLATE, "parameters": {}}
    project = sdk.current_project_id
    _post(shown, sdk, f"/orchestration/v1/{project}/stacks", body)
    pool = {
        "name": BACKWARDS,
        "protocol": "HTTP",
        "lb_algorithm": "ROUND_ROBIN",
        "members": [{"address": "10.9.0.77", "protocol_port": 80}],
    }
    rule = {"type": "PATH", "compare_type": "STARTS_WITH", "value": "/<b>"}
    policy = {"name": MARKUP, "action": "REJECT", "rules": [rule]}
    listener = {
        "name": MARKUP,
        "protocol": "HTTP",
        "protocol_port": 80,
        "default_pool": pool,
        "l7policies": [policy],
    }
    balancer = {"name": MARKUP, "vip_subnet_id": subnet.id, "listeners": [listener]}
    path = "/load-balancer/v2.0/lbaas/loadbalancers"
    _post(shown, sdk, path, {"loadbalancer": balancer})


def _server(sdk: Any, name: str, network_id: str) -> Any:
    return sdk.compute.create_server(
        name=name,
        image_id=sdk.image.find_image("tiny").id,
        flavor_id=sdk.compute.find_flavor("m1.small").id,
        networks=[{"uuid": network_id}],
        metadata={"note": MARKUP + BACKWARDS},
    )


def _objects(sdk: Any) -> None:
    store = sdk.object_store
    store.put("/things")
    for name in ("evil.html", "deep/er/file.txt", *(f"x/{each}" for each in NAMES)):
        store.put(
            f"/things/{quote(name)}",
            data=MARKUP.encode(),
            headers={"Content-Type": "text/html", "X-Object-Meta-Color": MARKUP},
        )


def _post(shown: Shown, sdk: Any, path: str, body: Any) -> None:
    reply = shown.cloud.http("POST", path, body, token=sdk.auth_token)
    assert reply.status in (200, 201), reply

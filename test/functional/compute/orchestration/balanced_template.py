"""A load-balanced group of servers: haproxy is real, guests are simulated.

A cloud of its own, with the agents of networks and load balancers beside simulated
guests: a process in namespaces of its own (``test_balanced_template.py``).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from openstack.connection import Connection

from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud
from test.functional.compute.network_agent.cloud import wait_for
from test.functional.compute.orchestration.traces import (
    create,
    image_in,
    listing,
    show,
    wait_gone,
)

ROLES = (
    *SIMULATED,
    "network-agent",
    "load-balancer",
    "balancer-agent",
    "orchestration",
)
TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  image: {type: string}
  count: {type: number, default: 2}
  algorithm: {type: string, default: ROUND_ROBIN}
resources:
  network: {type: OS::Neutron::Net}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: network}, cidr: 10.43.0.0/24}
  balancer:
    type: OS::Octavia::LoadBalancer
    properties: {vip_subnet: {get_resource: subnet}}
  listener:
    type: OS::Octavia::Listener
    properties:
      loadbalancer: {get_resource: balancer}
      protocol: HTTP
      protocol_port: 80
  pool:
    type: OS::Octavia::Pool
    properties:
      listener: {get_resource: listener}
      protocol: HTTP
      lb_algorithm: {get_param: algorithm}
      session_persistence: {type: HTTP_COOKIE}
  monitor:
    type: OS::Octavia::HealthMonitor
    properties:
      pool: {get_resource: pool}
      type: HTTP
      delay: 5
      timeout: 3
      max_retries: 3
      url_path: /
  other:
    type: OS::Octavia::Pool
    properties:
      loadbalancer: {get_resource: balancer}
      protocol: HTTP
      lb_algorithm: LEAST_CONNECTIONS
  policy:
    type: OS::Octavia::L7Policy
    properties:
      listener: {get_resource: listener}
      action: REDIRECT_TO_POOL
      redirect_pool: {get_resource: other}
  rule:
    type: OS::Octavia::L7Rule
    properties:
      l7policy: {get_resource: policy}
      type: PATH
      compare_type: STARTS_WITH
      value: /other
  servers:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: count}
      resource_def:
        type: member.yaml
        properties:
          image: {get_param: image}
          network: {get_resource: network}
          subnet: {get_resource: subnet}
          pool: {get_resource: pool}
outputs:
  address: {value: {get_attr: [balancer, vip_address]}}
  inside: {value: {get_attr: [servers, address]}}
"""
MEMBER = """
heat_template_version: 2018-08-31
parameters:
  image: {type: string}
  network: {type: string}
  subnet: {type: string}
  pool: {type: string}
resources:
  server:
    type: OS::Nova::Server
    properties:
      image: {get_param: image}
      flavor: stack.small
      networks: [{network: {get_param: network}}]
  member:
    type: OS::Octavia::PoolMember
    properties:
      pool: {get_param: pool}
      address: {get_attr: [server, first_address]}
      protocol_port: 80
      subnet: {get_param: subnet}
outputs:
  address: {value: {get_attr: [server, first_address]}}
"""


def main() -> None:
    """The group is made, changed, and taken away."""
    with tempfile.TemporaryDirectory(prefix="ringstack-balanced-") as name:
        place, own = Path(name, "cloud"), Path(name, "own")
        place.mkdir()
        own.mkdir()
        with running_cloud(place, roles=ROLES) as cloud:
            a_group_is_balanced(cloud, own)


def a_group_is_balanced(cloud: RunningCloud, own: Path) -> None:
    """``own``: a directory of the client's."""
    image = image_in(cloud, own)
    wait_for("the network agent", lambda: list(cloud.sdk().network.agents()))
    before = listing(cloud, balancers=True)
    (own / "member.yaml").write_text(MEMBER)
    given = ("--parameter", f"image={image}")
    stack = create(cloud, own, "balanced", TEMPLATE, *given)
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    found = {each["output_key"]: each["output_value"] for each in stack["outputs"]}
    assert found["address"].startswith("10.43.0.")
    members = _members(cloud.sdk())
    assert sorted(members) == sorted(found["inside"])
    words = ("--parameter", "count=1", "--parameter", "algorithm=SOURCE_IP")
    path = str(own / "balanced.yaml")
    update = ("stack", "update", "--wait", "-t", path, *given, *words)
    cloud.run_openstack(*update, "balanced", expected=None)
    after = show(cloud, "balanced")
    assert after["stack_status"] == "UPDATE_COMPLETE", after["stack_status_reason"]
    assert len(_members(cloud.sdk())) == 1
    cloud.openstack("stack", "delete", "--yes", "--wait", "balanced")
    wait_gone(cloud, before, balancers=True)


def _members(connection: Connection) -> list[str]:
    service = connection.load_balancer
    return [
        str(member.address)
        for pool in service.pools()
        for member in service.members(pool.id)
    ]


if __name__ == "__main__":
    main()

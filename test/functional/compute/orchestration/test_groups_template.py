"""Groups by the unmodified client: their members' names and attributes, how they grow
and shrink, scaling by a URL without a token."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from test.functional.compute.house import RunningCloud
from test.functional.compute.orchestration.traces import create, listing, wait_gone

PATIENCE_SECONDS = 60.0
GROUP = """
heat_template_version: 2018-08-31
parameters:
  count: {type: number, default: 3}
  gone: {type: comma_delimited_list, default: ""}
resources:
  network: {type: OS::Neutron::Net}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: network}, cidr: 10.41.0.0/24}
  ports:
    type: OS::Heat::ResourceGroup
    depends_on: subnet
    properties:
      count: {get_param: count}
      removal_policies: [{resource_list: {get_param: gone}}]
      resource_def:
        type: OS::Neutron::Port
        properties: {name: port-%index%, network: {get_resource: network}}
  chain:
    type: OS::Heat::ResourceChain
    properties:
      resources: ['OS::Heat::RandomString', 'OS::Heat::TestResource']
  inner:
    type: OS::Heat::Stack
    properties:
      parameters: {what: hello}
      template: |
        heat_template_version: 2018-08-31
        parameters: {what: {type: string}}
        resources:
          value: {type: OS::Heat::Value, properties: {value: {get_param: what}}}
        outputs:
          said: {value: {get_attr: [value, value]}}
outputs:
  names: {value: {get_attr: [ports, name]}}
  second: {value: {get_attr: [ports, resource.1.name]}}
  map: {value: {get_attr: [ports, attributes, name]}}
  refs: {value: {get_attr: [ports, refs]}}
  said: {value: {get_attr: [inner, outputs, said]}}
  chained: {value: {get_attr: [chain, refs]}}
"""
SCALING = """
heat_template_version: 2018-08-31
parameters:
  text: {type: string, default: one}
resources:
  group:
    type: OS::Heat::AutoScalingGroup
    properties:
      min_size: 1
      max_size: 3
      desired_capacity: 2
      rolling_updates: {max_batch_size: 1, min_in_service: 1}
      resource:
        type: OS::Heat::TestResource
        properties: {value: {get_param: text}}
  more:
    type: OS::Heat::ScalingPolicy
    properties:
      auto_scaling_group_id: {get_resource: group}
      adjustment_type: change_in_capacity
      scaling_adjustment: 1
  fewer:
    type: OS::Heat::ScalingPolicy
    properties:
      auto_scaling_group_id: {get_resource: group}
      adjustment_type: exact_capacity
      scaling_adjustment: 0
outputs:
  size: {value: {get_attr: [group, current_size]}}
  values: {value: {get_attr: [group, outputs_list, output]}}
  more: {value: {get_attr: [more, signal_url]}}
  fewer: {value: {get_attr: [fewer, alarm_url]}}
"""


def _outputs(cloud: RunningCloud, name: str) -> dict[str, Any]:
    shown = cloud.openstack("stack", "show", name)
    return {each["output_key"]: each["output_value"] for each in shown["outputs"]}


def _update(cloud: RunningCloud, path: Path, name: str, *parameters: str) -> None:
    words = [word for each in parameters for word in ("--parameter", each)]
    command = ("stack", "update", "--wait", "-t", str(path), *words, name)
    cloud.run_openstack(*command, expected=None)
    shown = cloud.openstack("stack", "show", name)
    assert shown["stack_status"] == "UPDATE_COMPLETE", shown["stack_status_reason"]


def test_a_group_and_stacks_in_it(cloud: RunningCloud, tmp_path: Path) -> None:
    before = listing(cloud)
    stack = create(cloud, tmp_path, "group", GROUP)
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    found = _outputs(cloud, "group")
    assert found["names"] == ["port-0", "port-1", "port-2"]
    assert found["second"] == "port-1"
    assert found["map"] == {"0": "port-0", "1": "port-1", "2": "port-2"}
    assert found["said"] == "hello"
    assert len(found["refs"]) == 3
    assert len(found["chained"]) == 2
    path = tmp_path / "group.yaml"
    _update(cloud, path, "group", "count=2", "gone=1")
    assert _outputs(cloud, "group")["names"] == ["port-0", "port-2"]
    _update(cloud, path, "group", "count=3")
    assert _outputs(cloud, "group")["names"] == ["port-0", "port-2", "port-3"]
    cloud.openstack("stack", "delete", "--yes", "--wait", "group")
    wait_gone(cloud, before)


def test_scaling_by_a_url(cloud: RunningCloud, tmp_path: Path) -> None:
    stack = create(cloud, tmp_path, "scaling", SCALING)
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    found = _outputs(cloud, "scaling")
    assert found["size"] == 2
    assert found["values"] == ["one", "one"]
    assert _post(found["more"]) < 300
    _wait_for_values(cloud, ["one", "one", "one"])
    _update(cloud, tmp_path / "scaling.yaml", "scaling", "text=two")
    assert _outputs(cloud, "scaling")["values"] == ["two", "two", "two"]
    assert _post(found["fewer"]) < 300
    _wait_for_values(cloud, ["two"])
    wrong = found["fewer"].replace("signature=", "signature=0")
    assert _post(wrong) in (401, 403)
    cloud.openstack("stack", "delete", "--yes", "--wait", "scaling")


def _wait_for_values(cloud: RunningCloud, wanted: list[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := _outputs(cloud, "scaling")["values"]) != wanted:
        assert time.monotonic() < deadline, now
        time.sleep(0.5)


def _post(url: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("POST", f"{parts.path}?{parts.query}", b"")
        return connection.getresponse().status
    finally:
        connection.close()

"""The user's story: a template scales its group of servers by what is measured of
them, up and down, by unmodified clients and with nothing beside the template."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from test.functional.compute.house import RunningCloud
from test.functional.compute.orchestration.traces import create, image_in

PATIENCE_SECONDS = 60.0
TEMPLATE = """
heat_template_version: 2021-04-16
description: A group of servers that grows under load, and shrinks without
parameters:
  image: {type: string}
  flavor: {type: string, default: stack.small}
  hook: {type: string}
resources:
  network: {type: OS::Neutron::Net}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: network}, cidr: 10.43.0.0/24}
  group:
    type: OS::Heat::AutoScalingGroup
    depends_on: subnet
    properties:
      min_size: 1
      max_size: 2
      resource:
        type: OS::Nova::Server
        properties:
          image: {get_param: image}
          flavor: {get_param: flavor}
          networks: [{network: {get_resource: network}}]
          metadata: {metering.server_group: {get_param: 'OS::stack_id'}}
  scaleup_policy:
    type: OS::Heat::ScalingPolicy
    properties:
      adjustment_type: change_in_capacity
      auto_scaling_group_id: {get_resource: group}
      cooldown: 1
      scaling_adjustment: 1
  scaledown_policy:
    type: OS::Heat::ScalingPolicy
    properties:
      adjustment_type: change_in_capacity
      auto_scaling_group_id: {get_resource: group}
      cooldown: 1
      scaling_adjustment: -1
  cpu_alarm_high:
    type: OS::Aodh::GnocchiAggregationByResourcesAlarm
    properties:
      description: Scale up if CPU > 80%
      metric: load
      aggregation_method: mean
      granularity: 60
      evaluation_periods: 1
      threshold: 80
      resource_type: instance
      comparison_operator: gt
      alarm_actions:
        - str_replace:
            template: trust+url
            params: {url: {get_attr: [scaleup_policy, signal_url]}}
      query:
        list_join:
          - ''
          - - {'=': {server_group: {get_param: 'OS::stack_id'}}}
  cpu_alarm_low:
    type: OS::Aodh::GnocchiAggregationByResourcesAlarm
    properties:
      description: Scale down if CPU < 15%
      metric: load
      aggregation_method: mean
      granularity: 60
      evaluation_periods: 1
      threshold: 15
      resource_type: instance
      comparison_operator: lt
      alarm_actions:
        - {get_attr: [scaledown_policy, alarm_url]}
        - {get_param: hook}
      query:
        str_replace:
          template: '{"=": {"server_group": "stack"}}'
          params: {stack: {get_param: 'OS::stack_id'}}
outputs:
  size: {value: {get_attr: [group, current_size]}}
  high: {value: {get_resource: cpu_alarm_high}}
  low: {value: {get_resource: cpu_alarm_low}}
"""


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any]]]:
    """A server of the user's own, and what it was told."""
    told: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(
                json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            )
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/news", told
    server.shutdown()
    thread.join()
    server.server_close()


def _outputs(cloud: RunningCloud) -> dict[str, Any]:
    shown = cloud.openstack("stack", "show", "scaling")
    return {each["output_key"]: each["output_value"] for each in shown["outputs"]}


def _wait_for(ask: Callable[[], Any], wanted: Any) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := ask()) != wanted:
        assert time.monotonic() < deadline, now
        time.sleep(0.5)


def _group_of(cloud: RunningCloud, server_id: str) -> Any:
    """As its host's agent has told the metric service."""
    command = ("metric", "resource", "show", "-t", "instance", server_id, "-f", "json")
    ended = cloud.run_openstack(*command, expected=None)
    return json.loads(ended.text)["server_group"] if ended.status == 0 else None


def _measure(cloud: RunningCloud, resource_id: str, value: float) -> None:
    """In this minute, or one that ends just now: the newest counts."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    cloud.openstack(
        *("metric", "measures", "add", "-m", f"{at}@{value}"),
        *("--resource-id", resource_id, "load"),
    )


def test_a_template_scales_by_itself(
    cloud: RunningCloud, tmp_path: Path, hook: tuple[str, list[Any]]
) -> None:
    url, told = hook
    image = image_in(cloud, tmp_path)
    given = ("--parameter", f"image={image}", "--parameter", f"hook={url}")
    stack = create(cloud, tmp_path, "scaling", TEMPLATE, *given)
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    found = _outputs(cloud)
    assert found["size"] == 1
    (server,) = cloud.openstack("server", "list")
    _wait_for(lambda: _group_of(cloud, server["ID"]), stack["id"])
    cloud.openstack(
        *("metric", "create", "-a", "medium", "-r", server["ID"], "load"),
    )
    _measure(cloud, server["ID"], 95)
    _wait_for(lambda: _outputs(cloud)["size"], 2)
    _wait_for(lambda: len(cloud.openstack("server", "list")), 2)
    shown = cloud.openstack("alarm", "show", found["high"])
    assert shown["state"] == "alarm"
    assert "most recent: 95.0" in shown["state_reason"]
    # So far below that the minute's mean is, too.
    _measure(cloud, server["ID"], -1000)
    _wait_for(lambda: _outputs(cloud)["size"], 1)
    _wait_for(lambda: bool(told), True)
    assert (told[0]["alarm_id"], told[0]["current"]) == (found["low"], "alarm")
    history = cloud.openstack("alarm-history", "show", found["high"])
    kinds = [each["type"] for each in history]
    assert kinds.count("state transition") >= 2
    cloud.openstack("stack", "delete", "--yes", "--wait", "scaling")
    assert cloud.openstack("alarm", "list") == []

"""Configs for servers, and whether they were applied, by the unmodified client."""

from __future__ import annotations

import http.client
import json
import time
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

from test.functional.compute.house import RunningCloud
from test.functional.compute.orchestration.traces import (
    create,
    image_in,
    listing,
    show,
    wait_gone,
)

BOOT = """
heat_template_version: 2018-08-31
parameters: {image: {type: string}}
resources:
  network: {type: OS::Neutron::Net}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: network}, cidr: 10.42.0.0/24}
  script:
    type: OS::Heat::SoftwareConfig
    properties: {group: ungrouped, config: "#!/bin/sh\\necho hello\\n"}
  document:
    type: OS::Heat::CloudConfig
    properties: {cloud_config: {packages: [nginx]}}
  both:
    type: OS::Heat::MultipartMime
    properties:
      parts:
      - config: {get_resource: script}
      - {config: {get_resource: document}, filename: cloud.cfg}
  server:
    type: OS::Nova::Server
    properties:
      image: {get_param: image}
      flavor: stack.small
      networks: [{network: {get_resource: network}}]
      user_data_format: SOFTWARE_CONFIG
      user_data: {get_resource: both}
outputs:
  id: {value: {get_resource: server}}
"""
DEPLOY = """
heat_template_version: 2018-08-31
parameters: {server: {type: string}}
resources:
  config:
    type: OS::Heat::SoftwareConfig
    properties:
      group: script
      config: "echo $what"
      inputs: [{name: what}]
      outputs: [{name: answer}]
  deployment:
    type: OS::Heat::SoftwareDeployment
    properties:
      config: {get_resource: config}
      server: {get_param: server}
      input_values: {what: hello}
outputs:
  answer: {value: {get_attr: [deployment, answer]}}
  printed: {value: {get_attr: [deployment, deploy_stdout]}}
"""

SEVERAL = """
heat_template_version: 2018-08-31
parameters: {server: {type: string}}
resources:
  config:
    type: OS::Heat::SoftwareConfig
    properties: {group: script, config: "echo $what", inputs: [{name: what}]}
  all:
    type: OS::Heat::SoftwareDeploymentGroup
    properties:
      config: {get_resource: config}
      servers: {first: {get_param: server}}
      input_values: {what: several}
outputs:
  printed: {value: {get_attr: [all, deploy_stdouts]}}
"""


def test_configs_reach_the_server(cloud: RunningCloud, tmp_path: Path) -> None:
    image = image_in(cloud, tmp_path)
    before = listing(cloud)
    stack = create(cloud, tmp_path, "boot", BOOT, "--parameter", f"image={image}")
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    server = stack["outputs"][0]["output_value"]
    reply = cloud.http(
        "GET",
        f"/compute/v2.1/servers/{server}",
        token=cloud.token(),
        headers={"X-OpenStack-Nova-API-Version": "2.79"},
    )
    told = b64decode(reply.body["server"]["OS-EXT-SRV-ATTR:user_data"]).decode()
    assert "multipart/mixed" in told
    assert "text/x-shellscript" in told
    assert "#cloud-config\npackages:\n- nginx" in told

    path = tmp_path / "deploy.yaml"
    path.write_text(DEPLOY)
    words = ("-t", str(path), "--parameter", f"server={server}", "deploy")
    cloud.openstack("stack", "create", *words)
    url = _signal_url(cloud, server)
    done = {"answer": "42", "deploy_stdout": "hello", "deploy_status_code": 0}
    assert _post(url, done) < 300
    _wait(cloud, "deploy", "CREATE_COMPLETE")
    found = {
        each["output_key"]: each["output_value"]
        for each in show(cloud, "deploy")["outputs"]
    }
    assert found == {"answer": "42", "printed": "hello"}
    path.write_text(DEPLOY.replace("{what: hello}", "{what: bye}"))
    cloud.openstack("stack", "update", *words)
    url = _signal_url(cloud, server, "bye")
    assert _post(url, {"deploy_status_code": 1}) < 300
    _wait(cloud, "deploy", "UPDATE_FAILED")
    path.write_text(SEVERAL)
    cloud.openstack("stack", "create", *words[:-1], "several")
    url = _signal_url(cloud, server, "several")
    found = cloud.openstack("stack", "resource", "metadata", "boot", "server")
    values = [
        {each["name"]: each["value"] for each in config["inputs"]}
        for config in found["deployments"]
    ]
    assert "several" in [each.get("what") for each in values]
    assert _post(url, {"deploy_stdout": "three", "deploy_status_code": 0}) < 300
    _wait(cloud, "several", "CREATE_COMPLETE")
    assert show(cloud, "several")["outputs"][0]["output_value"] == {"first": "three"}
    for name in ("several", "deploy", "boot"):
        cloud.openstack("stack", "delete", "--yes", "--wait", name)
    configs = cloud.openstack("software", "config", "list")
    assert configs in ([], "")
    wait_gone(cloud, before)


def _signal_url(cloud: RunningCloud, server: str, what: str = "hello") -> str:
    """As the agent of the server finds it, once it is given that."""
    sdk = cloud.sdk()
    path = f"/software_deployments/metadata/{server}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        (*_, last) = [{}, *sdk.orchestration.get(path).json()["metadata"]]
        given = {each["name"]: each["value"] for each in last.get("inputs", ())}
        if given.get("what") == what:
            return str(given["deploy_signal_id"])
        time.sleep(0.5)
    raise AssertionError("the deployment does not come")


def _post(url: str, body: object) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    headers = {"Content-Type": "application/json"}
    try:
        connection.request(
            "POST", f"{parts.path}?{parts.query}", json.dumps(body), headers
        )
        return connection.getresponse().status
    finally:
        connection.close()


def _wait(cloud: RunningCloud, name: str, status: str) -> None:
    deadline = time.monotonic() + 60
    while (stack := show(cloud, name))["stack_status"].endswith("IN_PROGRESS"):
        assert time.monotonic() < deadline, stack
        time.sleep(0.5)
    assert stack["stack_status"] == status, stack["stack_status_reason"]

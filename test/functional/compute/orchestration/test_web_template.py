"""A web server with everything around it, by the unmodified client: made, changed in
place, replaced, failed and rolled back, and gone without a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from test.functional.compute.house import RunningCloud
from test.functional.compute.orchestration.traces import (
    create,
    image_in,
    listing,
    settled,
    wait_gone,
)

TEMPLATE = """
heat_template_version: 2021-04-16
description: A web server with a volume, reachable from outside
parameters:
  flavor:
    type: string
    default: stack.small
    constraints: [{custom_constraint: nova.flavor}]
  image: {type: string}
  outside: {type: string, default: public}
  note: {type: string, default: first}
  ports: {type: comma_delimited_list, default: "22,80"}
  volume_size: {type: number, default: 1}
resources:
  network:
    type: OS::Neutron::Net
    properties: {name: web-network}
  subnet:
    type: OS::Neutron::Subnet
    properties:
      network: {get_resource: network}
      cidr: 192.168.77.0/24
      dns_nameservers: [9.9.9.9]
  router:
    type: OS::Neutron::Router
    properties:
      external_gateway_info: {network: {get_param: outside}}
  way:
    type: OS::Neutron::RouterInterface
    properties:
      router: {get_resource: router}
      subnet: {get_resource: subnet}
  group:
    type: OS::Neutron::SecurityGroup
    properties:
      rules:
        repeat:
          for_each: {'%port%': {get_param: ports}}
          template: {protocol: tcp, port_range_min: '%port%', port_range_max: '%port%'}
  port:
    type: OS::Neutron::Port
    properties:
      network: {get_resource: network}
      security_groups: [{get_resource: group}]
  address:
    type: OS::Neutron::FloatingIP
    properties:
      floating_network: {get_param: outside}
      port_id: {get_resource: port}
  key:
    type: OS::Nova::KeyPair
    properties: {name: {list_join: ['-', [{get_param: 'OS::stack_name'}, key]]},
                 save_private_key: true}
  server:
    type: OS::Nova::Server
    properties:
      image: {get_param: image}
      flavor: {get_param: flavor}
      key_name: {get_resource: key}
      networks: [{port: {get_resource: port}}]
      metadata: {note: {get_param: note}}
      user_data_format: RAW
      user_data:
        str_replace:
          template: |
            #!/bin/sh
            echo I am NAME
          params: {NAME: {get_param: 'OS::stack_name'}}
  volume:
    type: OS::Cinder::Volume
    properties: {size: {get_param: volume_size}}
  attachment:
    type: OS::Cinder::VolumeAttachment
    properties:
      instance_uuid: {get_resource: server}
      volume_id: {get_resource: volume}
outputs:
  url:
    value:
      str_replace:
        template: http://ADDRESS/
        params: {ADDRESS: {get_attr: [address, floating_ip_address]}}
  inside: {value: {get_attr: [server, first_address]}}
  secret: {value: {get_attr: [key, private_key]}}
"""
FAILS = """
  bad:
    type: OS::Heat::TestResource
    depends_on: server
    properties: {fail: true}
"""


def test_a_web_server(cloud: RunningCloud, tmp_path: Path) -> None:
    image = ("--parameter", f"image={image_in(cloud, tmp_path)}")
    before = listing(cloud)
    stack = create(cloud, tmp_path, "web", TEMPLATE, *image)
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    outputs = {each["output_key"]: each["output_value"] for each in stack["outputs"]}
    assert outputs["url"].startswith("http://172.24.4.")
    assert outputs["inside"].startswith("192.168.77.")
    assert "PRIVATE KEY" in outputs["secret"]
    server = _physical(cloud, "web", "server")
    shown = cloud.openstack("server", "show", server)
    assert shown["status"] == "ACTIVE"
    assert len(shown["volumes_attached"]) == 1

    _update(cloud, tmp_path, "web", TEMPLATE, *image, "note=second", "volume_size=2")
    assert _physical(cloud, "web", "server") == server
    again = cloud.openstack("server", "show", server)
    assert again["properties"] == {"note": "second"}

    other = TEMPLATE.replace("echo I am", "echo now I am")
    _update(cloud, tmp_path, "web", other, *image, "volume_size=2")
    replaced = _physical(cloud, "web", "server")
    assert replaced != server
    cloud.openstack("server", "show", server, expected=1)

    bad = other.replace("\noutputs:", FAILS + "outputs:")
    _update(
        cloud, tmp_path, "web", bad, *image, "volume_size=2", ends="ROLLBACK_COMPLETE"
    )
    assert _physical(cloud, "web", "server") == replaced
    cloud.openstack("stack", "delete", "--yes", "--wait", "web")
    wait_gone(cloud, before)


def test_what_fails_is_rolled_back(cloud: RunningCloud, tmp_path: Path) -> None:
    image = ("--parameter", f"image={image_in(cloud, tmp_path)}")
    before = listing(cloud)
    bad = TEMPLATE.replace("\noutputs:", FAILS + "outputs:")
    stack = create(cloud, tmp_path, "bad", bad, "--enable-rollback", *image)
    assert stack["stack_status"] == "ROLLBACK_COMPLETE", stack["stack_status_reason"]
    events = cloud.openstack("stack", "event", "list", "bad")
    assert any("Test Resource failed" in str(each) for each in events), events
    cloud.openstack("stack", "delete", "--yes", "--wait", "bad")
    wait_gone(cloud, before)


def _physical(cloud: RunningCloud, stack: str, resource: str) -> str:
    shown = cloud.openstack("stack", "resource", "show", stack, resource)
    return str(shown["physical_resource_id"])


def _update(
    cloud: RunningCloud,
    directory: Path,
    name: str,
    template: str,
    *more: str,
    ends: str = "UPDATE_COMPLETE",
) -> dict[str, Any]:
    path = directory / f"{name}.yaml"
    path.write_text(template)
    words = [
        word
        for each in more
        for word in (
            ("--parameter", each) if "=" in each and "image" not in each else (each,)
        )
    ]
    cloud.run_openstack(
        "stack",
        "update",
        "--wait",
        *(("--rollback", "enabled") if ends.startswith("ROLLBACK") else ()),
        "-t",
        str(path),
        *words,
        name,
        expected=None,
    )
    stack = settled(cloud, name)
    assert stack["stack_status"] == ends, json.dumps(stack, indent=1)
    return stack


def test_what_is_not_there_is_told_at_once(cloud: RunningCloud, tmp_path: Path) -> None:
    image = image_in(cloud, tmp_path)
    path = tmp_path / "absent.yaml"
    path.write_text(TEMPLATE)
    for given, why in (
        (("flavor=m9.absent", f"image={image}"), "flavor (m9.absent)"),
        (("image=absent",), "image (absent)"),
        ((f"image={image}", "outside=absent"), "network (absent)"),
    ):
        words = [word for each in given for word in ("--parameter", each)]
        ended = cloud.run_openstack(
            *("stack", "create", "-t", str(path), *words, "absent"), expected=1
        )
        assert why in ended.errors, ended

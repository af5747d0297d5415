"""What administrators have in templates: projects, users, flavors, types, images and
containers; made, changed, and gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from compute.agent.disks.qcow2 import empty_image
from test.functional.compute.house import RunningCloud
from test.functional.compute.orchestration.traces import create, listing, wait_gone

TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  about: {type: string, default: first}
resources:
  project:
    type: OS::Keystone::Project
    properties: {name: stack-project, description: {get_param: about}}
  role: {type: OS::Keystone::Role, properties: {name: stack-role}}
  group: {type: OS::Keystone::Group, properties: {name: stack-group}}
  user:
    type: OS::Keystone::User
    properties:
      name: stack-user
      password: a-long-secret
      default_project: {get_resource: project}
      groups: [{get_resource: group}]
      roles: [{role: {get_resource: role}, project: {get_resource: project}}]
  rights:
    type: OS::Keystone::GroupRoleAssignments
    properties:
      group: {get_resource: group}
      roles: [{role: member, project: {get_resource: project}}]
  flavor:
    type: OS::Nova::Flavor
    properties: {ram: 256, vcpus: 1, is_public: false, extra_specs: {a: b},
                 tenants: [{get_resource: project}]}
  type:
    type: OS::Cinder::VolumeType
    properties: {name: stack-type, description: {get_param: about}, metadata: {a: b}}
  volume:
    type: OS::Cinder::Volume
    properties: {size: 1, volume_type: {get_resource: type}}
  container:
    type: OS::Swift::Container
    properties:
      name: stack-container
      X-Container-Read: ".r:*"
      X-Container-Meta: {about: {get_param: about}}
      PurgeOnDelete: true
  pool:
    type: OS::Neutron::SubnetPool
    properties: {prefixes: [10.77.0.0/16], min_prefixlen: 24}
  policy: {type: OS::Neutron::QoSPolicy, properties: {description: {get_param: about}}}
  limit:
    type: OS::Neutron::QoSBandwidthLimitRule
    properties: {policy: {get_resource: policy}, max_kbps: 1000}
  near:
    type: OS::Nova::ServerGroup
    properties: {policies: [affinity]}
outputs:
  count: {value: {get_attr: [container, ObjectCount]}}
  url: {value: {get_attr: [container, RootURL]}}
  project: {value: {get_resource: project}}
"""
IMAGE = """
heat_template_version: 2018-08-31
parameters: {where: {type: string}}
resources:
  image:
    type: OS::Glance::WebImage
    properties:
      name: from-the-web
      location: {get_param: where}
      disk_format: qcow2
      container_format: bare
outputs:
  status: {value: {get_attr: [image, status]}}
"""


OTHERS = """
heat_template_version: 2018-08-31
resources:
  container:
    type: OS::Swift::Container
    properties: {name: kept-by-hand, PurgeOnDelete: true}
"""


def test_a_container_of_somebody_else_does_not_go_with_a_stack(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    cloud.openstack("container", "create", "kept-by-hand")
    stack = create(cloud, tmp_path, "taker", OTHERS)
    assert stack["stack_status"] == "CREATE_FAILED"
    assert "a container kept-by-hand already" in stack["stack_status_reason"]
    cloud.openstack("stack", "delete", "--yes", "--wait", "taker")
    assert cloud.openstack("container", "show", "kept-by-hand")
    cloud.openstack("container", "delete", "kept-by-hand")


def test_what_administrators_have(cloud: RunningCloud, tmp_path: Path) -> None:
    before = listing(cloud)
    stack = create(cloud, tmp_path, "operators", TEMPLATE)
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    found = {each["output_key"]: each["output_value"] for each in stack["outputs"]}
    assert found["count"] == 0
    project = found["project"]
    rights = cloud.openstack(
        "role", "assignment", "list", "--project", project, "--names"
    )
    assert {each["Role"] for each in rights} == {"stack-role", "member"}
    path = tmp_path / "operators.yaml"
    words = ("--parameter", "about=second", "operators")
    cloud.run_openstack(
        "stack", "update", "--wait", "-t", str(path), *words, expected=None
    )
    after = cloud.openstack("stack", "show", "operators")
    assert after["stack_status"] == "UPDATE_COMPLETE", after["stack_status_reason"]
    assert cloud.openstack("project", "show", project)["description"] == "second"
    kind = cloud.openstack("volume", "type", "show", "stack-type")
    assert kind["description"] == "second"
    cloud.openstack("stack", "delete", "--yes", "--wait", "operators")
    wait_gone(cloud, before)
    for word, name in (("user", "stack-user"), ("role", "stack-role")):
        cloud.openstack(word, "show", name, expected=1)


RIGHTS = """
heat_template_version: 2018-08-31
resources:
  rights:
    type: OS::Keystone::UserRoleAssignments
    properties:
      user: admin
      roles: [{role: admin, project: admin}, {role: swiftoperator, project: admin}]
"""


def test_rights_that_were_there_before_stay(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    cloud.openstack("role", "create", "swiftoperator")
    stack = create(cloud, tmp_path, "rights", RIGHTS)
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    of_admin = ("--user", "admin", "--project", "admin", "--names")
    rights = cloud.openstack("role", "assignment", "list", *of_admin)
    assert {each["Role"] for each in rights} >= {"admin", "swiftoperator"}
    cloud.openstack("stack", "delete", "--yes", "--wait", "rights")
    rights = cloud.openstack("role", "assignment", "list", *of_admin)
    left = {each["Role"] for each in rights}
    assert "admin" in left
    assert "swiftoperator" not in left
    cloud.openstack("role", "delete", "swiftoperator")


def test_an_image_from_the_web(cloud: RunningCloud, tmp_path: Path) -> None:
    before = listing(cloud)
    with _served(empty_image(1 << 30)) as url:
        stack = create(cloud, tmp_path, "image", IMAGE, "--parameter", f"where={url}")
    assert stack["stack_status"] == "CREATE_COMPLETE", stack["stack_status_reason"]
    assert stack["outputs"][0]["output_value"] == "active"
    shown = cloud.openstack("image", "show", "from-the-web")
    assert shown["disk_format"] == "qcow2"
    path = tmp_path / "image.yaml"
    bare = "container_format: bare\n"
    path.write_text(IMAGE.replace(bare, f"{bare}      os_distro: debian\n"))
    words = ("-t", str(path), "--parameter", f"where={url}", "image")
    cloud.run_openstack("stack", "update", "--wait", *words, expected=None)
    again = cloud.openstack("image", "show", "from-the-web")
    assert again["id"] == shown["id"]
    assert again["properties"]["os_distro"] == "debian"
    cloud.openstack("stack", "delete", "--yes", "--wait", "image")
    wait_gone(cloud, before)


def test_an_image_that_is_not_there(cloud: RunningCloud, tmp_path: Path) -> None:
    before = listing(cloud)
    with _served(b"no image at all") as url:
        stack = create(cloud, tmp_path, "none", IMAGE, "--parameter", f"where={url}")
    assert stack["stack_status"] == "CREATE_FAILED"
    assert "The image was not fetched" in stack["stack_status_reason"]
    cloud.openstack("stack", "delete", "--yes", "--wait", "none")
    wait_gone(cloud, before)


@contextmanager
def _served(content: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/image"
    finally:
        server.shutdown()
        server.server_close()

"""``compute deleted-projects``: what a project has left in every room."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import boto3

from test.functional.compute.house import RunningCloud

TEMPLATE = {
    "heat_template_version": "2018-08-31",
    "resources": {"box": {"type": "OS::Cinder::Volume", "properties": {"size": 1}}},
}


def command(cloud: RunningCloud, *arguments: str, status: int) -> Any:
    """The command's JSON."""
    words = [sys.executable, "-m", "compute.cli", "deleted-projects"]
    ended = subprocess.run(
        [*words, str(cloud.place.settings_file), "--json", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    return json.loads(ended.stdout or "null")


def left_by(found: list[dict[str, str]], project_id: str) -> set[tuple[str, str]]:
    """Rooms and kinds."""
    return {
        (each["room"], each["kind"])
        for each in found
        if each["project_id"] == project_id
    }


def make_launch_template(
    cloud: RunningCloud, theirs: Any, user_id: str, project_id: str
) -> None:
    path = f"/users/{user_id}/credentials/OS-EC2"
    made = theirs.identity.post(path, json={"tenant_id": project_id}).json()
    keys = made["credential"]
    ec2 = boto3.client(
        "ec2",
        endpoint_url=f"{cloud.url}/ec2",
        region_name="RegionOne",
        aws_access_key_id=keys["access"],
        aws_secret_access_key=keys["secret"],
    )
    data = {"InstanceType": "m1.small"}
    ec2.create_launch_template(LaunchTemplateName="left", LaunchTemplateData=data)


def test_what_a_project_leaves_is_found_and_goes(cloud: RunningCloud) -> None:
    admin = cloud.sdk()
    project = admin.identity.create_project(name="leaving")
    user = admin.identity.create_user(
        name="leaver", password="a long one 7", default_project_id=project.id
    )
    role = admin.identity.find_role("member")
    admin.identity.assign_project_role_to_user(project, user, role)
    person = {"username": "leaver", "password": "a long one 7"}
    theirs = cloud.sdk(**person, project_name="leaving")
    network = theirs.network.create_network(name="n")
    subnet = theirs.network.create_subnet(
        network_id=network.id, ip_version=4, cidr="10.77.0.0/24"
    )
    router = theirs.network.create_router(name="r")
    theirs.network.add_interface_to_router(router, subnet_id=subnet.id)
    theirs.block_storage.create_volume(name="v", size=1)
    theirs.compute.create_server_group(name="g", policy="affinity")
    theirs.image.create_image("i", container_format="bare", disk_format="raw")
    theirs.object_store.create_container("c")
    token = theirs.auth_token
    stack = {"stack_name": "s", "template": TEMPLATE}
    path = f"/orchestration/v1/{project.id}/stacks"
    assert cloud.http("POST", path, stack, token=token).status == 201
    alarm = {
        "name": "a",
        "type": "event",
        "event_rule": {"event_type": "compute.instance.*"},
    }
    assert cloud.http("POST", "/alarming/v2/alarms", alarm, token=token).status == 201
    measured = {"id": "thing of theirs", "metrics": {"m": {}}}
    path = "/metric/v1/resource/generic"
    assert cloud.http("POST", path, measured, token=token).status == 201
    assert cloud.http("POST", "/metric/v1/metric", {}, token=token).status == 201

    secret = {"payload": "hush", "payload_content_type": "text/plain"}
    path = "/key-manager/v1/secrets"
    assert cloud.http("POST", path, secret, token=token).status == 201
    make_launch_template(cloud, theirs, user.id, project.id)

    # While the project is there, nobody's hand is on it.
    command(cloud, "--project", project.id, "--purge", status=2)
    assert not left_by(command(cloud, status=0), project.id)
    admin.identity.delete_project(project)
    found = command(cloud, status=1)
    assert left_by(found, project.id) >= {
        ("orchestration", "stack"),
        ("alarming", "alarm"),
        ("compute", "server group"),
        ("volume", "volume"),
        ("image", "image"),
        ("network", "router"),
        ("network", "network"),
        ("network", "subnet"),
        ("metric", "resource"),
        ("metric", "metric"),
        ("key-manager", "all secrets"),
        ("ec2", "all launch templates"),
        ("object-store", "account"),
    }
    command(cloud, "--project", project.id, "--purge", status=0)
    assert command(cloud, "--project", project.id, status=0) == []
    assert cloud.openstack("network", "list", "--name", "n") == []

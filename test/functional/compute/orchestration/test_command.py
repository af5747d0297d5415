"""``openstack stack ...`` (python-heatclient), unmodified: a small site from its order
to its end, with nested templates, an update, a failure that is turned back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.functional.compute.house import RunningCloud

pytest.importorskip("heatclient")

SITE = """
heat_template_version: 2021-04-16
description: A network with servers behind it
parameters:
  flavor: {type: string, default: site.small}
  image: {type: string, default: site}
  count: {type: number, default: 1, constraints: [{range: {min: 0, max: 3}}]}
  password: {type: string, hidden: true, default: very-secret-word}
resources:
  net: {type: OS::Neutron::Net, properties: {name: site-net}}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: net}, cidr: 10.77.0.0/24}
  front:
    type: server.yaml
    properties:
      flavor: {get_param: flavor}
      image: {get_param: image}
      network: {get_resource: net}
      said: {str_replace: {template: "it is W", params: {W: {get_param: password}}}}
    depends_on: subnet
  others:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: count}
      resource_def: {type: OS::Heat::RandomString, properties: {length: 8}}
outputs:
  address: {value: {get_attr: [front, address]}}
  words: {value: {get_attr: [others, value]}}
"""
SERVER = """
heat_template_version: 2021-04-16
parameters:
  flavor: {type: string}
  image: {type: string}
  network: {type: string}
  said: {type: string, hidden: true}
resources:
  server:
    type: OS::Nova::Server
    properties:
      flavor: {get_param: flavor}
      image: {get_param: image}
      networks: [{network: {get_param: network}}]
      user_data: {get_param: said}
      user_data_format: RAW
outputs:
  address: {value: {get_attr: [server, first_address]}}
"""


@pytest.fixture(scope="module")
def site(
    cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("templates")
    (directory / "site.yaml").write_text(SITE)
    (directory / "server.yaml").write_text(SERVER)
    (directory / "image").write_bytes(b"\0" * 4096)
    flavor = ("--ram", "64", "--disk", "1", "--vcpus", "1", "site.small")
    cloud.openstack("flavor", "create", *flavor)
    image = ("--file", str(directory / "image"), "--disk-format", "raw")
    cloud.openstack("image", "create", *image, "--container-format", "bare", "site")
    yield directory


def test_a_site_from_its_order_to_its_end(cloud: RunningCloud, site: Path) -> None:
    template = str(site / "site.yaml")
    cloud.openstack("stack", "create", "-t", template, "site", "--wait", expected=None)
    shown = cloud.openstack("stack", "show", "site")
    assert shown["stack_status"] == "CREATE_COMPLETE", shown["stack_status_reason"]
    assert shown["parameters"]["password"] == "******"
    outputs = {each["output_key"]: each["output_value"] for each in shown["outputs"]}
    assert outputs["address"].startswith("10.77.0.")
    assert [len(word) for word in outputs["words"]] == [8]
    (server,) = cloud.openstack("server", "list")
    assert server["Status"] == "ACTIVE"

    rows = cloud.openstack("stack", "resource", "list", "-n", "3", "site")
    assert {row["resource_name"] for row in rows} >= {"net", "front", "server", "0"}
    assert {row["resource_status"] for row in rows} == {"CREATE_COMPLETE"}

    more = ("--existing", "--parameter", "count=3", "site", "--wait")
    cloud.openstack("stack", "update", *more, expected=None)
    shown = cloud.openstack("stack", "show", "site")
    assert shown["stack_status"] == "UPDATE_COMPLETE", shown["stack_status_reason"]
    words = cloud.openstack("stack", "output", "show", "site", "words")
    assert len(words["output_value"]) == 3
    # What did not change was left alone.
    assert [each["ID"] for each in cloud.openstack("server", "list")] == [server["ID"]]

    for verb in ("suspend", "resume", "check"):
        cloud.openstack("stack", verb, "site", "--wait", expected=None)
        (row,) = cloud.openstack("stack", "list")
        assert row["Stack Status"] == f"{verb.upper()}_COMPLETE"

    cloud.openstack("stack", "delete", "site", "--yes", "--wait")
    assert cloud.openstack("stack", "list") == []
    assert cloud.openstack("server", "list") == []
    assert cloud.openstack("network", "list", "--name", "site-net") == []
    assert cloud.openstack("trust", "list") == []
    _keeps_secret(cloud)


def _keeps_secret(cloud: RunningCloud) -> None:
    logs = list((cloud.place.store.directory / "log").glob("*.log"))
    assert logs
    for log in logs:
        assert "very-secret-word" not in log.read_text(errors="replace")


def test_a_creation_that_fails_is_turned_back(cloud: RunningCloud, site: Path) -> None:
    template = str(site / "site.yaml")
    wrong = ("--parameter", "flavor=none.such", "--enable-rollback", "wrong", "--wait")
    cloud.run_openstack("stack", "create", "-t", template, *wrong, expected=None)
    shown = cloud.openstack("stack", "show", "wrong")
    assert shown["stack_status"] == "ROLLBACK_COMPLETE", shown
    assert cloud.openstack("network", "list", "--name", "site-net") == []
    cloud.openstack("stack", "delete", "wrong", "--yes", "--wait")


def test_what_clients_ask_before_they_order(cloud: RunningCloud, site: Path) -> None:
    template = str(site / "site.yaml")
    run = cloud.run_openstack
    assert (
        "ParameterGroups"
        not in run("orchestration", "template", "validate", "-t", template).text
    )
    types = cloud.openstack("orchestration", "resource", "type", "list")
    assert {"Resource Type": "OS::Nova::Server"} in types
    shown = run("orchestration", "resource", "type", "show", "OS::Heat::Value").text
    assert "value" in shown
    versions = cloud.openstack("orchestration", "template", "version", "list")
    assert len(versions) == 13
    named = ("heat_template_version.rocky",)
    functions = cloud.openstack("orchestration", "template", "function", "list", *named)
    assert any(each["Functions"] == "str_replace" for each in functions)
    assert cloud.openstack("orchestration", "service", "list")[0]["Status"] == "up"
    assert "ringstack" in run("orchestration", "build", "info").text
    preview = run("stack", "create", "-t", template, "--dry-run", "later").text
    assert "later" in preview
    assert cloud.openstack("stack", "list") == []


WAITING = """
heat_template_version: 2018-08-31
resources:
  handle: {type: OS::Heat::WaitConditionHandle}
  word: {type: OS::Heat::RandomString, properties: {length: 4}}
"""


def test_events_environments_and_bad_news(cloud: RunningCloud, site: Path) -> None:
    (site / "waiting.yaml").write_text(WAITING)
    template = str(site / "waiting.yaml")
    cloud.openstack("stack", "create", "-t", template, "w", "--wait", expected=None)
    events: Any = cloud.openstack("stack", "event", "list", "w")
    names = [each["resource_name"] for each in events]
    assert names[0] == names[-1] == "w"
    assert {"handle", "word"} <= set(names)
    twice = cloud.run_openstack("stack", "create", "-t", template, "w", expected=1)
    assert "already exists" in twice.errors
    missing = cloud.run_openstack("stack", "show", "nobody", expected=1)
    assert "not found" in missing.errors.lower()
    cloud.openstack("stack", "resource", "mark", "unhealthy", "w", "word", "sick")
    cloud.openstack("stack", "update", "--existing", "w", "--wait", expected=None)
    (row,) = cloud.openstack("stack", "list")
    assert row["Stack Status"] == "UPDATE_COMPLETE"
    cloud.openstack("stack", "delete", "w", "--yes", "--wait")


SAVED = """
heat_template_version: 2021-04-16
parameters:
  size: {type: number, default: 1}
resources:
  net: {type: OS::Neutron::Net}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: net}, cidr: 10.78.0.0/24}
  disk:
    type: OS::Cinder::Volume
    deletion_policy: Snapshot
    properties: {size: {get_param: size}}
  server:
    type: OS::Nova::Server
    depends_on: subnet
    properties:
      flavor: site.small
      image: site
      networks: [{network: {get_resource: net}}]
"""


def test_a_snapshot_and_back(cloud: RunningCloud, site: Path) -> None:
    (site / "saved.yaml").write_text(SAVED)
    template, sdk = str(site / "saved.yaml"), cloud.sdk()
    cloud.openstack("stack", "create", "-t", template, "v")
    _at_rest(cloud, "CREATE_COMPLETE")
    (server,) = sdk.compute.servers()
    made = cloud.openstack("stack", "snapshot", "create", "v", "--name", "first")
    assert made["name"] == "first"
    _at_rest(cloud, "SNAPSHOT_COMPLETE")
    (listed,) = cloud.openstack("stack", "snapshot", "list", "v")
    assert (listed["name"], listed["status"]) == ("first", "COMPLETE")
    shown = cloud.run_openstack("stack", "snapshot", "show", "v", listed["id"]).text
    assert "snapshot_image_id" in shown
    (backup,) = sdk.block_storage.backups()
    cloud.openstack("stack", "update", "--existing", "--parameter", "size=2", "v")
    _at_rest(cloud, "UPDATE_COMPLETE")
    cloud.run_openstack("stack", "snapshot", "restore", "v", listed["id"])
    _at_rest(cloud, "RESTORE_COMPLETE")
    assert [each.size for each in sdk.block_storage.volumes()] == [1]
    (again,) = sdk.compute.servers()
    assert again.id == server.id
    assert sdk.image.get_image(again.image["id"]).name.startswith("v-server-")
    cloud.run_openstack("stack", "snapshot", "create", "v")
    _at_rest(cloud, "SNAPSHOT_COMPLETE")
    cloud.run_openstack("stack", "snapshot", "delete", "v", listed["id"], "--yes")
    left = {each.id: each.status for each in sdk.block_storage.backups()}
    assert left.get(backup.id, "deleting") == "deleting"
    # The other one goes with the stack, whose volume is saved before it goes.
    stack = sdk.orchestration.find_stack("v")
    sdk.orchestration.delete_stack(stack)
    sdk.orchestration.wait_for_delete(stack, 0.3, 60)
    there = list(sdk.block_storage.backups())
    kept = [each for each in there if each.status != "deleting"]
    (last,) = [each for each in kept if each.size == 1]
    assert last.status == "available" and last.id not in left
    for each in kept:
        sdk.block_storage.delete_backup(each)
    assert [each.name for each in sdk.image.images()] == ["site"]


def _at_rest(cloud: RunningCloud, status: str) -> None:
    sdk = cloud.sdk()
    stack = sdk.orchestration.find_stack("v")
    failed = [status.replace("COMPLETE", "FAILED")]
    sdk.orchestration.wait_for_status(stack, status, failed, 0.3, 60)

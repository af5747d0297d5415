"""The rest of the API: lists, redirections, nested stacks, signals, events."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from compute.orchestration.engine.signatures import signal_url
from compute.orchestration.template.template import parse_template
from test.unit.compute.orchestration.house import OTHER, OWNER, House, template

ONE: dict[str, Any] = {"one": {}}
VERSION = "2021-04-16"


def path_of(url: str) -> str:
    """Below where the room is mounted."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return parts.path.removeprefix("/orchestration") + query


def test_lists(house: House) -> None:
    ids = {}
    for number, tags in enumerate(("a", "a,b", "b")):
        ids[number] = house.create(f"s{number}", template({}), tags=tags)
        house.clock.advance(1)
    house.settle()

    def names(query: str) -> list[str]:
        got = house.call("GET", f"/stacks?{query}")
        assert got.status == 200, got.raw
        return [each["stack_name"] for each in got.body["stacks"]]

    assert names("") == ["s2", "s1", "s0"]
    assert names("sort_keys=name&sort_dir=asc&limit=2") == ["s0", "s1"]
    assert names(f"sort_keys=name&sort_dir=asc&marker={ids[1]}") == ["s2"]
    assert names("tags=a,b") == ["s1"]
    assert names("tags_any=a&limit=1") == ["s1"]
    assert names("not_tags=b") == ["s0"]
    assert names("not_tags_any=a,b") == []
    assert names("stack_status=CREATE_COMPLETE&name=s1") == ["s1"]
    assert names("status=FAILED") == []
    assert house.call("GET", "/stacks?with_count=true").body["count"] == 3
    assert house.call("GET", "/stacks?sort_keys=secret").status == 400
    assert house.call("GET", "/stacks?marker=nobody").status == 404
    assert house.call("GET", "/stacks?global_tenant=1").status == 403
    everybody = house.call(
        "GET", "/stacks?global_tenant=1", project=OTHER, roles="admin"
    )
    assert {each["project"] for each in everybody.body["stacks"]} == {OWNER}
    house.call("DELETE", f"/stacks/s0/{ids[0]}")
    house.settle()
    assert names("") == ["s2", "s1"]
    assert names("show_deleted=true") == ["s2", "s1", "s0"]
    assert len(house.call("GET", "/stacks/detail").body["stacks"]) == 2


def test_redirections(house: House) -> None:
    stack_id = house.create("s", template(ONE))
    for wanted in ("s", stack_id):
        for below in ("", "/resources", "/events?limit=1", "/template"):
            got = house.call("GET", f"/stacks/{wanted}{below}")
            assert got.status == 302
            there = path_of(got.headers["location"])
            assert there == f"/v1/{OWNER}/stacks/s/{stack_id}{below}"
            assert house.call("GET", there).status == 200
    assert house.call("DELETE", "/stacks/s").status == 302
    assert house.call("GET", "/stacks/nobody/resources").status == 404
    assert house.call("GET", f"/stacks/other/{stack_id}").status == 404


def test_errors_are_heats(house: House) -> None:
    got = house.call("GET", "/stacks/nobody")
    assert got.body == {
        "code": 404,
        "title": "Not Found",
        "explanation": "The Stack (nobody) could not be found.",
        "error": {
            "message": "The Stack (nobody) could not be found.",
            "type": "EntityNotFound",
            "traceback": None,
        },
    }
    assert house.call("GET", "/stacks", token="").status == 401
    assert house.call("GET", "/", token="").status in (300, 404)


NESTED = f"""
heat_template_version: {VERSION}
parameters: {{size: {{type: number}}}}
resources:
  inner: {{type: Test::Thing, properties: {{size: {{get_param: size}}}}}}
outputs:
  size: {{value: {{get_attr: [inner, size]}}}}
"""


def outer(size: Any = 3, **more: Any) -> dict[str, Any]:
    resource = {"type": "nested.yaml", "properties": {"size": size}, **more}
    return {
        "heat_template_version": VERSION,
        "resources": {"box": resource},
        "outputs": {"size": {"value": {"get_attr": ["box", "size"]}}},
    }


def test_nested_stacks(house: House) -> None:
    files = {"nested.yaml": NESTED}
    stack_id = house.create("s", outer(), files=files)
    house.settle()
    shown = house.show("s", stack_id)
    assert shown["stack_status"] == "CREATE_COMPLETE", shown
    assert shown["outputs"][0]["output_value"] == 3
    rows = house.call("GET", f"/stacks/s/{stack_id}/resources?nested_depth=2").body
    assert [each["resource_name"] for each in rows["resources"]] == ["box", "inner"]
    assert rows["resources"][1]["parent_resource"] == "box"
    nested = next(
        link["href"]
        for link in rows["resources"][0]["links"]
        if link["rel"] == "nested"
    )
    assert house.call("GET", path_of(nested)).body["stack"]["parent"] == stack_id
    assert house.call("DELETE", path_of(nested)).status == 400
    assert len(house.call("GET", "/stacks").body["stacks"]) == 1
    assert len(house.call("GET", "/stacks?show_nested=1").body["stacks"]) == 2
    events = house.call("GET", f"/stacks/s/{stack_id}/events?nested_depth=1").body
    assert "inner" in {each["resource_name"] for each in events["events"]}

    (thing,) = house.world.things
    body = {"template": outer(5), "files": files}
    assert house.call("PUT", f"/stacks/s/{stack_id}", body).status == 202
    house.settle()
    assert house.show("s", stack_id)["outputs"][0]["output_value"] == 5
    assert list(house.world.things) == [thing]

    other = NESTED.replace("inner:", "renamed:").replace("[inner,", "[renamed,")
    body = {"template": outer(5), "files": {"nested.yaml": other}}
    house.call("PUT", f"/stacks/s/{stack_id}", body)
    house.settle()
    assert len(house.world.things) == 1 and thing not in house.world.things

    house.call("DELETE", f"/stacks/s/{stack_id}")
    house.settle()
    assert house.world.things == {}
    assert house.call("GET", "/stacks?show_nested=1").body["stacks"] == []


def test_failures_inside_are_told_outside(house: House) -> None:
    broken = NESTED.replace("size: {get_param: size}", "fails: create")
    stack_id = house.create("s", outer(), files={"nested.yaml": broken})
    house.settle()
    shown = house.show("s", stack_id)
    assert shown["stack_status"] == "CREATE_FAILED"
    assert "told to fail" in shown["stack_status_reason"]


def test_stacks_have_a_depth_and_a_number(tmp_path: Any) -> None:
    house = House(tmp_path, nested_depth=3, resources_per_stack=6)
    files = {
        "me.yaml": "heat_template_version: 2018-08-31\nresources: {a: {type: me.yaml}}"
    }
    order = {"heat_template_version": VERSION, "resources": {"a": {"type": "me.yaml"}}}
    stack_id = house.create("s", order, files=files)
    house.settle()
    assert "depth exceeds 3" in house.show("s", stack_id)["stack_status_reason"]
    many = "{{{}}}".format(
        ", ".join(f"r{number}: {{type: Test::Thing}}" for number in range(6))
    )
    files = {"me.yaml": f"heat_template_version: 2018-08-31\nresources: {many}"}
    stack_id = house.create("t", order, files=files)
    house.settle()
    assert "Maximum resources" in house.show("t", stack_id)["stack_status_reason"]


def test_patches(house: House) -> None:
    order = template({"one": {"size": {"get_param": "size"}}})
    order["parameters"] = {
        "size": {"type": "number", "default": 1},
        "fixed": {"type": "string", "default": "x", "immutable": True},
    }
    stack_id = house.create("s", order, parameters={"size": 2, "fixed": "y"})
    house.settle()
    path = f"/stacks/s/{stack_id}"

    def size() -> Any:
        house.settle()
        (thing,) = house.world.things.values()
        return thing["size"]

    assert house.call("PATCH", path, {}).status == 202
    assert size() == 2
    assert house.call("PATCH", path, {"parameters": {"size": 4}}).status == 202
    assert size() == 4
    assert house.call("PATCH", path, {"clear_parameters": ["size"]}).status == 202
    assert size() == 1
    got = house.call("PATCH", path, {"parameters": {"fixed": "z"}})
    assert (got.status, "immutable" in got.body["explanation"]) == (400, True)
    house.call("PATCH", path, {"tags": "new"})
    house.settle()
    assert house.show("s", stack_id)["tags"] == ["new"]


def test_nothing_hidden_is_shown(house: House) -> None:
    order = template({"one": {"key": {"get_param": "secret"}}})
    order["parameters"] = {"secret": {"type": "string", "hidden": True}}
    environment = {"parameters": {"secret": "hush-hush"}}
    stack_id = house.create("s", order, environment=environment)
    house.settle()
    path = f"/stacks/s/{stack_id}"
    for below in ("", "/environment", "/resources", "/resources/one", "/events"):
        got = house.call("GET", path + below)
        assert got.status == 200
        assert b"hush-hush" not in got.raw, below
    assert house.show("s", stack_id)["parameters"]["secret"] == "******"
    body = {"template": order, "environment": environment}
    got = house.call("POST", "/validate", body)
    assert got.status == 200 and b"hush-hush" not in got.raw


def test_what_a_stack_was_made_of(house: House) -> None:
    order = template(ONE, outputs={"o": {"value": {"get_attr": ["one", "size"]}}})
    stack_id = house.create(
        "s", order, files={"f": "text"}, environment="parameters: {}"
    )
    house.settle()
    path = f"/stacks/s/{stack_id}"
    assert house.call("GET", f"{path}/template").body == order
    assert house.call("GET", f"{path}/files").body == {"f": "text"}
    assert house.call("GET", f"{path}/environment").body["parameters"] == {}
    outputs = house.call("GET", f"{path}/outputs").body["outputs"]
    assert [each["output_key"] for each in outputs] == ["o"]
    got = house.call("GET", f"{path}/outputs/o").body["output"]
    assert got["output_value"] == 1
    assert house.call("GET", f"{path}/outputs/no").status == 404
    shown = house.call("GET", f"{path}?resolve_outputs=false").body["stack"]
    assert "outputs" not in shown


def test_signals(house: House) -> None:
    stack_id = house.create("s", template(ONE))
    house.settle()
    path = f"/stacks/s/{stack_id}/resources/one"
    assert house.call("POST", f"{path}/signal", {"a": 1}).status == 200
    assert house.call("POST", f"{path}/signal", project=OTHER).status == 404
    assert house.call("POST", f"{path}/signal", token="").status == 403
    assert house.call("POST", f"{path}/signal", roles="reader").status == 403
    stores = house.parts.stores
    stack = house.parts.read(
        lambda connection: stores.stacks.find(connection, stack_id)
    )
    (row,) = house.parts.read(
        lambda connection: stores.resources_of(connection, stack_id)
    )
    assert stack is not None and row.data == {"told": {"a": 1}}
    signed = path_of(signal_url(f"http://cloud/orchestration/v1/{OWNER}", stack, row))
    assert house.call("POST", signed, {"b": 2}, token="").status == 200
    for wrong in (signed[:-1], signed[:-1] + "x", signed.replace("/one/", "/two/")):
        assert house.call("POST", wrong, token="").status == 403
    assert house.call("GET", f"{path}/metadata").body == {"metadata": {}}
    events = house.call("GET", f"{path}/events").body["events"]
    assert events[-1]["resource_status"] == "SIGNAL_COMPLETE"


def test_events(house: House) -> None:
    stack_id = house.create("s", template({"one": {}, "two": {"needs": ["one"]}}))
    house.settle()
    path = f"/stacks/s/{stack_id}"

    def events(query: str) -> list[Any]:
        got = house.call("GET", f"{path}/events?{query}")
        assert got.status == 200, got.raw
        return list(got.body["events"])

    names = [each["resource_name"] for each in events("")]
    assert names == ["s", "one", "one", "two", "two", "s"]
    first = events("limit=2")
    assert [each["resource_name"] for each in first] == ["s", "one"]
    rest = events(f"marker={first[-1]['id']}")
    assert len(rest) == 4
    assert events("sort_dir=desc&limit=1")[0]["id"] == rest[-1]["id"]
    assert len(events("resource_name=two")) == 2
    assert len(events("resource_status=COMPLETE&resource_action=CREATE")) == 3
    got = house.call("GET", f"{path}/resources/one/events/{first[1]['id']}")
    assert got.body["event"]["resource_type"] == "Test::Thing"
    assert house.call("GET", f"{path}/resources/one/events/no").status == 404
    assert house.call("GET", f"{path}/events?marker=no").status == 404


def test_types(house: House) -> None:
    names = house.call("GET", "/resource_types").body["resource_types"]
    assert "Test::Thing" in names
    shown = house.call("GET", "/resource_types/Test::Thing").body
    assert shown["properties"]["size"]["update_allowed"] is True
    assert shown["attributes"]["name"]["description"] == "its name"
    for name in names:
        assert house.call("GET", f"/resource_types/{name}").status == 200
        for kind in ("?template_type=hot", "?template_type=cfn", ""):
            sample = house.call("GET", f"/resource_types/{name}/template{kind}")
            assert sample.status == 200, name
            assert ("Resources" in sample.body) == (kind != "?template_type=hot")
            parse_template(sample.body)
    wrong = house.call("GET", "/resource_types/Test::Thing/template?template_type=tofu")
    assert wrong.status == 400
    assert house.call("GET", "/resource_types/No::Such").status == 404


@pytest.mark.parametrize(
    ("method", "below"), [("DELETE", "/abandon"), ("GET", "/export")]
)
def test_what_is_refused(house: House, method: str, below: str) -> None:
    stack_id = house.create("s", template(ONE))
    got = house.call(method, f"/stacks/s/{stack_id}{below}")
    assert (got.status, "Retain" in got.body["explanation"]) == (400, True)
    body = {"stack_name": "t", "adopt_stack_data": "{}", "template": template({})}
    assert house.call("POST", "/stacks", body).status == 400
    path = f"/stacks/s/{stack_id}/actions"
    for wrong in ({}, {"jump": None}, {"check": None, "suspend": None}):
        assert house.call("POST", path, wrong).status == 400


def test_what_is_nested_is_called_off_with_its_stack(house: House) -> None:
    waits = NESTED.replace("size: {get_param: size}", "fails: wait")
    stack_id = house.create("s", outer(), files={"nested.yaml": waits}, timeout_mins=5)
    for _ in range(3):
        house.work_once()
    path = f"/stacks/s/{stack_id}/actions"
    assert house.call("POST", path, {"cancel_without_rollback": None}).status == 202
    house.settle()
    shown = house.call("GET", "/stacks?show_nested=1").body["stacks"]
    assert {each["stack_status"] for each in shown} == {"CREATE_FAILED"}
    house.call("DELETE", f"/stacks/s/{stack_id}")
    house.settle()
    assert house.world.things == {}

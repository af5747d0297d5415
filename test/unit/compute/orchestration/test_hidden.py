"""What is hidden is shown nowhere, however deep a stack is nested."""

from __future__ import annotations

from test.unit.compute.orchestration.house import House

SECRET = "correct horse"


def test_a_hidden_value_is_nowhere_in_what_readers_see(house: House) -> None:
    key = {"type": "Test::Thing", "properties": {"key": {"get_param": "word"}}}
    group = {"resource_def": key}
    order = {
        "heat_template_version": "2021-04-16",
        "parameters": {"word": {"type": "string", "hidden": True}},
        "resources": {
            "one": key,
            "group": {"type": "OS::Heat::ResourceGroup", "properties": group},
        },
    }
    stack_id = house.create("s", order, parameters={"word": SECRET})
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    paths = ["/stacks/detail?show_nested=true"]
    for stack in house.call("GET", "/stacks?show_nested=true").body["stacks"]:
        path = f"/stacks/{stack['stack_name']}/{stack['id']}"
        paths += [path, f"{path}/environment", f"{path}/template", f"{path}/files"]
        paths += [f"{path}/resources?with_detail=true", f"{path}/events"]
    assert len(paths) == 13
    for path in paths:
        got = house.call("GET", path, roles="reader")
        assert got.status == 200
        assert SECRET.encode() not in got.raw, path

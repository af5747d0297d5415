"""What is hidden is shown nowhere, however deep a stack is nested."""

from __future__ import annotations

from compute.orchestration.engine.hiding import told_without
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
    # Nor when the stack around it, which knows what is hidden, has forgotten that.
    assert house.call("DELETE", f"/stacks/s/{stack_id}").status == 204
    house.settle()
    assert house.state("s", stack_id) == "DELETE_COMPLETE"
    house.parts.blueprints.clear()
    for path in paths:
        assert SECRET.encode() not in house.call("GET", path, roles="reader").raw, path


def test_why_it_failed_is_told_without_what_is_hidden(house: House) -> None:
    """Also where a value is seen to be wrong only once other resources are there."""
    made = {"get_attr": ["value", "value"]}
    wrong = {"type": "Test::Thing", "properties": {"size": made}}
    for long in (SECRET, SECRET * 20):
        for name, kind, properties in (
            ("one", "Test::Thing", wrong["properties"]),
            ("group", "OS::Heat::ResourceGroup", {"resource_def": wrong}),
        ):
            order = {
                "heat_template_version": "2021-04-16",
                "parameters": {"word": {"type": "string", "hidden": True}},
                "resources": {
                    "value": {
                        "type": "OS::Heat::Value",
                        "properties": {"value": {"get_param": "word"}},
                    },
                    name: {"type": kind, "properties": properties},
                },
            }
            called = f"{name}{len(long)}"
            stack_id = house.create(called, order, parameters={"word": long})
            house.settle()
            path = f"/stacks/{called}/{stack_id}"
            got = house.call("GET", path, roles="reader")
            stack = got.body["stack"]
            assert stack["stack_status"] == "CREATE_FAILED"
            assert "not an integer: ******" in stack["stack_status_reason"]
            for each in (path, f"{path}/events", f"{path}/resources"):
                got = house.call("GET", each, roles="reader")
                assert SECRET.encode() not in got.raw, each


def test_however_much_of_it_is_told() -> None:
    secret = "".join(chr(ord("a") + number % 26) for number in range(300))
    for length in (16, 60, 199, 300):
        told = f"Value: {secret[:length]} ... {secret[:length]}"
        assert told_without(told, secret) == "Value: ****** ... ******"
    assert told_without("Value: word, words", "word") == "Value: ******, ******s"
    assert told_without(secret[:8], secret) == secret[:8]

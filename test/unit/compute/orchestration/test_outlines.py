"""What is told of a stack before there is one: previews, and what templates want."""

from __future__ import annotations

import json
from typing import Any

from test.unit.compute.orchestration.house import OWNER, REGION, House, template

INNER = template(
    {"inner": {"size": {"get_param": "size"}}},
    parameters={"size": {"type": "number", "default": 1}},
)
OUTER = {
    "heat_template_version": "2021-04-16",
    "parameters": {"word": {"type": "string", "hidden": True}, "n": {"type": "number"}},
    "resources": {
        "one": {"type": "Test::Thing", "metadata": {"m": {"get_param": "word"}}},
        "two": {
            "type": "Test::Thing",
            "properties": {"size": {"get_attr": ["one", "size"]}},
        },
        "box": {"type": "inner.yaml", "properties": {"size": {"get_param": "n"}}},
        "many": {
            "type": "OS::Heat::ResourceGroup",
            "properties": {"count": 2, "resource_def": {"type": "inner.yaml"}},
        },
    },
}
FILES = {"inner.yaml": json.dumps(INNER)}


def _preview(house: House, order: Any = OUTER, **more: Any) -> dict[str, Any]:
    body = {
        "stack_name": "s",
        "template": order,
        "files": FILES,
        "parameters": {"word": "a secret", "n": 7},
        **more,
    }
    got = house.call("POST", "/stacks/preview", body)
    assert got.status == 200, got.raw
    found: dict[str, Any] = got.body["stack"]
    return found


def test_a_preview_goes_into_what_is_nested(house: House) -> None:
    stack = _preview(house)
    assert (stack["id"], stack["parent"]) == ("None", None)
    assert stack["parameters"]["OS::stack_name"] == "s"
    one, two, (inner,), (first, second) = stack["resources"]
    assert (one["resource_action"], one["resource_status"]) == ("INIT", "COMPLETE")
    assert one["resource_identity"] == {
        "stack_name": "s",
        "stack_id": "None",
        "tenant": OWNER,
        "path": "/resources/one",
    }
    assert one["required_by"] == ["two"] and "size" in one["attributes"]
    # Nobody knows that before there is one.
    assert two["properties"]["size"] is None
    assert inner["properties"]["size"] == 7
    assert (inner["stack_name"], inner["parent_resource"]) == ("s-box", "box")
    assert first[0]["stack_name"] == "s-many-0"
    assert second[0]["properties"]["size"] == 1
    assert "a secret" not in json.dumps(stack)
    assert one["metadata"] == {"m": "******"}
    assert house.names() == []


def test_a_preview_has_an_end(house: House) -> None:
    own = {"heat_template_version": "2021-04-16"}
    twice = {"a": {"type": "me.yaml"}, "b": {"type": "me.yaml"}}
    files = {"me.yaml": json.dumps({**own, "resources": twice})}
    stack = _preview(house, {**own, "resources": twice}, files=files, parameters={})
    assert len(json.dumps(stack)) < 200_000
    body = {"template": {**own, "resources": twice}, "files": files}
    assert house.call("POST", "/validate?show_nested=true", body).status == 403


def test_a_group_of_what_is_not_known_yet_is_one_resource(house: House) -> None:
    later = {"get_attr": ["one", "size"]}
    definition = {"type": "Test::Thing"}
    for name in ("count", "index_var", "resource_def"):
        properties = {"count": 2, "resource_def": definition, name: later}
        many = {"type": "OS::Heat::ResourceGroup", "properties": properties}
        resources = {"one": definition, "many": many}
        order = {"heat_template_version": "2021-04-16", "resources": resources}
        stack = _preview(house, order, files={}, parameters={})
        assert stack["resources"][1]["resource_name"] == "many"


def test_a_small_template_makes_no_large_preview(house: House) -> None:
    """Neither many stacks of much each, nor many copies of one text."""
    own = {"heat_template_version": "2021-04-16"}

    def group(count: int, definition: Any) -> dict[str, Any]:
        properties = {"count": count, "resource_def": definition}
        kind = "OS::Heat::ResourceGroup"
        return {**own, "resources": {"g": {"type": kind, "properties": properties}}}

    def value(text: str) -> dict[str, Any]:
        return {"type": "OS::Heat::Value", "properties": {"value": text}}

    inner = {"i.yaml": json.dumps(group(15, value("x" * 100_000)))}
    for template_of, files in (
        (group(50, {"type": "i.yaml"}), inner),
        (group(900, value("%index%" + "x" * 100_000)), {}),
    ):
        body = {"stack_name": "s", "template": template_of, "files": files}
        got = house.call("POST", "/stacks/preview", body)
        assert got.status == 400 and b"too much" in got.raw


def test_what_is_told_of_nested_parameters_has_an_end(house: House) -> None:
    words = {f"p{n}": {"type": "string", "default": "d" * 200} for n in range(900)}
    inner = template({"inner": {"size": 1}}, parameters=words)
    boxes = {f"box{n}": {"type": "i.yaml"} for n in range(100)}
    order = {"heat_template_version": "2021-04-16", "resources": boxes}
    body = {"template": order, "files": {"i.yaml": json.dumps(inner)}}
    got = house.call("POST", "/validate?show_nested=true", body)
    assert got.status == 400 and b"too much to tell" in got.raw


def test_what_is_wrong_is_told_with_its_place(house: House) -> None:
    """A parameter that the template has not is none that was forgotten."""
    body = {"template": template({"two": {"size": {"get_param": "nowhere"}}})}
    for path in ("/stacks/preview", "/validate"):
        got = house.call("POST", path, {"stack_name": "s", **body})
        assert got.status == 400
        place = "resources.two.properties.size: The Parameter (nowhere)"
        assert place in got.body["error"]["message"]


def test_parameters_of_what_is_nested(house: House) -> None:
    between = {
        "heat_template_version": "2021-04-16",
        "description": "between",
        "resources": {"in": {"type": "inner.yaml", "properties": {"size": 3}}},
    }
    order = {
        "heat_template_version": "2021-04-16",
        "parameters": {"missing": {"type": "string"}},
        "resources": {"box": {"type": "My::Box"}},
    }
    body = {
        "template": order,
        "files": {**FILES, "between.yaml": json.dumps(between)},
        "environment": {"resource_registry": {"My::Box": "between.yaml"}},
    }
    shown = house.call("POST", "/validate", body).body
    assert "NestedParameters" not in shown
    registry = {"My::Box": "between.yaml", "between.yaml": "between.yaml"}
    found = shown["Environment"]["resource_registry"]
    assert found == {**registry, "resources": {}}
    shown = house.call("POST", "/validate?show_nested=true", body).body
    box = shown["NestedParameters"]["box"]
    assert (box["Type"], box["Description"], box["Parameters"]) == (
        "My::Box",
        "between",
        {},
    )
    inside = box["NestedParameters"]["in"]["Parameters"]["size"]
    assert (inside["Default"], inside["Value"]) == (1, 3)


def test_a_stack_in_a_stack_is_of_this_region(house: House) -> None:
    def ordered(context: Any) -> dict[str, Any]:
        properties = {"template": json.dumps(template({"a": {}})), "context": context}
        inner = {"type": "OS::Heat::Stack", "properties": properties}
        return {"heat_template_version": "2021-04-16", "resources": {"in": inner}}

    stack_id = house.create("s", ordered({"region_name": REGION}))
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    for context in ({"region_name": "south"}, {"credential_secret_id": "x"}):
        text = house.create("t", ordered(context), status=400)
        assert "stacks are made" in text

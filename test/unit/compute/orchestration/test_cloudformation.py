"""Templates in CloudFormation's language: what they mean, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.properties import checked
from compute.orchestration.registry import all_types
from compute.orchestration.template.scope import resolve
from test.unit.compute.orchestration.house import House
from test.unit.compute.orchestration.test_templates import blueprint

FORMAT = {"AWSTemplateFormatVersion": "2010-09-09"}
MAPPINGS = {"Sizes": {"small": {"ram": 64, "name": "m1"}, "large": {"ram": 512}}}
PARAMETERS = {
    "Size": {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]},
    "Words": {"Type": "CommaDelimitedList", "Default": "a,b,c"},
    "Secret": {"Type": "String", "Default": "quiet", "NoEcho": True},
}


def _value(raw: Any, **parameters: Any) -> Any:
    """What a value becomes; the resource ``r`` is there."""
    document = {
        **FORMAT,
        "Parameters": PARAMETERS,
        "Mappings": MAPPINGS,
        "Conditions": {
            "IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
            "IsSmall": {"Fn::Not": [{"Condition": "IsLarge"}]},
        },
        "Resources": {"r": {"Type": "Test::Thing", "Properties": {"size": 1}}},
        "Outputs": {"o": {"Value": raw}},
    }
    found = _blueprint(document, **parameters)
    scope = found.scope(lambda name: f"id of {name}", lambda name, path: [name, *path])
    return resolve(found.template.outputs["o"].value, scope)


def _blueprint(document: Any, **parameters: Any) -> Any:
    return blueprint(dict(document), version=None, **parameters)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ({"Ref": "Size"}, "small"),
        ({"Ref": "r"}, "id of r"),
        ({"Ref": "AWS::StackName"}, "name"),
        ({"Ref": "AWS::NoValue"}, None),
        ({"Condition": "of something else"}, {"Condition": "of something else"}),
        ({"Fn::GetAtt": ["r", "size"]}, ["r", "size"]),
        ({"Fn::GetAtt": "r.size"}, ["r", "size"]),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-small"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "ram"]}, 64),
        ({"Fn::Select": ["1", {"Ref": "Words"}]}, "b"),
        ({"Fn::Select": [7, {"Ref": "Words"}]}, ""),
        ({"Fn::Select": ["k", {"k": "v"}]}, "v"),
        ({"Fn::Split": [",", "x,y"]}, ["x", "y"]),
        ({"Fn::If": ["IsSmall", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsLarge", "yes", {"Ref": "r"}]}, "id of r"),
        ({"Fn::Base64": {"Fn::Join": ["", ["a", "b"]]}}, "ab"),
        ({"Fn::Replace": [{"X": "1"}, "aXb"]}, "a1b"),
        ({"Fn::GetAZs": ""}, ["nova"]),
        ({"get_file": "x"}, {"get_file": "x"}),
        ({"Name": {"Ref": "Size"}}, {"Name": "small"}),
    ],
)
def test_functions(raw: Any, wanted: Any) -> None:
    assert _value(raw) == wanted


def test_parameters_choose() -> None:
    assert (
        _value({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "ram"]}, Size="large")
        == 512
    )
    with pytest.raises(Invalid, match="Size"):
        _value("", Size="huge")


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ({"Fn::FindInMap": ["Sizes", "none", "ram"]}, "mapping"),
        ({"Fn::FindInMap": ["Sizes"]}, "two keys"),
        ({"Fn::Sub": "${Size}"}, "Fn::Sub"),
        ({"Ref": "nobody"}, "nobody"),
        ({"Ref": ["r"]}, "Ref"),
        ({"Fn::Replace": "x"}, "Replace"),
        ({"Fn::Select": [1]}, "Select"),
    ],
)
def test_what_is_wrong_is_said(raw: Any, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        _value(raw)


@pytest.mark.parametrize(
    "document",
    [
        {"AWSTemplateFormatVersion": "2099-01-01"},
        {**FORMAT, "Nonsense": {}},
        {**FORMAT, "Resources": []},
        {**FORMAT, "Resources": {"r": []}},
        {**FORMAT, "Resources": {"r": {"Type": "Test::Thing", "Typ": 1}}},
        {**FORMAT, "Parameters": {"p": {"Type": "Strang"}}},
        {**FORMAT, "Parameters": {"p": {"Type": "String", "Defalt": 1}}},
        {**FORMAT, "Resources": {"r": {"Type": "AWS::None::Such"}}},
    ],
)
def test_documents_are_refused(document: Any) -> None:
    with pytest.raises(Invalid):
        _blueprint(document)


def test_a_life(house: House) -> None:
    wanted = {
        **FORMAT,
        "Parameters": {"Secret": {"Type": "String", "NoEcho": "true"}},
        "Resources": {
            "one": {"Type": "Test::Thing", "Properties": {"key": {"Ref": "Secret"}}},
            "two": {"Type": "Test::Thing", "DependsOn": "one"},
            "gone": {"Type": "Test::Thing", "Condition": "Never"},
        },
        "Conditions": {"Never": {"Fn::Equals": [1, 2]}},
        "Outputs": {"Size": {"Value": {"Fn::GetAtt": ["one", "size"]}}},
    }
    stack_id = house.create("s", wanted, parameters={"Secret": "not-for-eyes"})
    house.settle()
    shown = house.show("s", stack_id)
    assert shown["stack_status"] == "CREATE_COMPLETE"
    assert shown["parameters"]["Secret"] == "******"
    assert shown["outputs"][0]["output_value"] == 1
    path = f"/stacks/s/{stack_id}"
    assert house.call("GET", f"{path}/template").body == wanted
    assert "not-for-eyes" not in str(house.call("GET", f"{path}/environment").body)
    taken = house.call("POST", f"{path}/snapshots", {}).body["id"]
    house.settle()
    assert house.call("POST", f"{path}/snapshots/{taken}/restore").status == 202
    house.settle()
    assert house.state("s", stack_id) == "RESTORE_COMPLETE"
    # What is not said again stays.
    del wanted["Resources"]["two"]
    assert house.call("PATCH", path, {"template": wanted}).status == 202
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"


def test_a_condition_is_signalled_as_cloudformation_does(house: House) -> None:
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    properties = {"Handle": {"Ref": "h"}, "Timeout": "300", "Count": "2"}
    wanted = {
        **FORMAT,
        "Resources": {
            "h": handle,
            "w": {
                "Type": "AWS::CloudFormation::WaitCondition",
                "Properties": properties,
            },
        },
        "Outputs": {
            "url": {"Value": {"Ref": "h"}},
            "data": {"Value": {"Fn::GetAtt": ["w", "Data"]}},
        },
    }
    kind = all_types().get("AWS::CloudFormation::WaitCondition")
    url = "http://h/v1/p/stacks/s/i/resources/a%20b/signal?signature=x"
    values = checked(kind.properties, {"Handle": url, "Timeout": 1})

    class Given:
        properties = values

    assert kind.handle_of(Given()) == "a b"  # type: ignore[attr-defined,arg-type]
    stack_id = house.create("s", wanted)
    house.work_once()
    house.work_once()
    outputs = house.show("s", stack_id)["outputs"]
    found = {each["output_key"]: each["output_value"] for each in outputs}["url"]
    path = found[found.index("/v1/") :]
    for number in ("1", "2"):
        body = {"Status": "SUCCESS", "UniqueId": number, "Data": "d", "Reason": "r"}
        got = house.call("PUT", path, body, token="")
        assert got.status == 200, got.raw
    got = house.call("PUT", path, {"Status": "PERHAPS"}, token="")
    assert got.status == 400

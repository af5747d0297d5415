"""Templates: what each function gives, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from compute.orchestration.blueprint import Blueprint, Identity
from compute.orchestration.errors import Invalid
from compute.orchestration.model import Wanted
from compute.orchestration.registry import Registry
from compute.orchestration.resources.heat.random_string import RandomString
from compute.orchestration.template.environment import (
    merge_environments,
    parse_environment,
)
from compute.orchestration.template.scope import resolve
from compute.orchestration.template.unknown import UNKNOWN
from compute.orchestration.template.versions import ALL
from compute.orchestration.template.yaml_reader import read_yaml
from test.unit.compute.orchestration.world import Power, Thing, World

REGISTRY = Registry([Thing(World(Power())), RandomString()])
IDENTITY = Identity("the-id", "name", "project")
VERSION = "2021-04-16"


def blueprint(
    document: Any,
    environment: Any = None,
    files: Any = None,
    version: str | None = VERSION,
    **parameters: Any,
) -> Blueprint:
    if isinstance(document, str):
        document = read_yaml(document, "template")
    if version is not None:
        document.setdefault("heat_template_version", version)
    kept = parse_environment(environment).document()
    wanted = Wanted(document, files or {}, kept, {**kept["parameters"], **parameters})
    found = Blueprint(wanted, IDENTITY, REGISTRY)
    found.validate()
    return found


def value(raw: str, **sections: Any) -> Any:
    """What a value of a template becomes; resource ``r`` has the attribute ``size``."""
    document = {
        "resources": {"r": {"type": "Test::Thing"}},
        **sections,
    }
    found = blueprint(document, files={"f": "text of f"})
    scope = found.scope(lambda name: f"id of {name}", lambda name, path: [name, *path])
    return resolve(read_yaml(raw, "value"), scope)


PARAMETERS = {
    "word": {"type": "string", "default": "w"},
    "number": {"type": "number", "default": 7},
    "list": {"type": "comma_delimited_list", "default": "a,b,c"},
    "map": {"type": "json", "default": {"a": {"b": [1, 2]}}},
    "yes": {"type": "boolean", "default": True},
}

GIVEN = [
    ("{get_param: word}", "w"),
    ("{get_param: [map, a, b, 1]}", 2),
    ("{get_param: [map, {get_param: word}]}", ""),
    ("{get_param: 'OS::stack_id'}", "the-id"),
    ("{get_param: 'OS::stack_name'}", "name"),
    ("{get_param: 'OS::project_id'}", "project"),
    ("{get_resource: r}", "id of r"),
    ("{get_attr: [r, size]}", ["r", "size"]),
    ("{get_file: f}", "text of f"),
    ("{list_join: ['-', [a, 1, true]]}", "a-1-true"),
    ("{list_join: [',', [a], {get_param: list}]}", "a,a,b,c"),
    ("{str_split: [',', 'a,b']}", ["a", "b"]),
    ("{str_split: [',', 'a,b', 1]}", "b"),
    ("{str_replace: {template: a b ab, params: {a: 1, ab: 2}}}", "1 b 2"),
    ("{str_replace: {template: ab, params: {a: b, b: c}}}", "bc"),
    ("{str_replace_strict: {template: x, params: {x: y}}}", "y"),
    ("{list_concat: [[1], [2, 1]]}", [1, 2, 1]),
    ("{list_concat_unique: [[1], [2, 1]]}", [1, 2]),
    ("{map_merge: [{a: 1}, {a: 2, b: 3}]}", {"a": 2, "b": 3}),
    ("{map_replace: [{a: b}, {keys: {a: c}, values: {b: d}}]}", {"c": "d"}),
    ("{filter: [[a], [a, b, a]]}", ["b"]),
    ("{contains: [b, [a, b]]}", True),
    ("{digest: [md5, a]}", "0cc175b9c0f1b6a831c399e269772661"),
    (
        "{make_url: {scheme: http, host: '::1', port: 80, path: /a b}}",
        "http://[::1]:80/a%20b",
    ),
    ("{make_url: {scheme: s, host: h, query: {a: '&'}}}", "s://h?a=%26"),
    ("{if: [{equals: [{get_param: word}, w]}, 1, 2]}", 1),
    ("{if: [{not: {equals: [1, 1]}}, 1]}", None),
    ("{if: [{and: [{equals: [1, 1]}, {equals: [1, 2]}]}, 1, 2]}", 2),
    ("{if: [{or: [{equals: [1, 1]}, {equals: [1, 2]}]}, 1, 2]}", 1),
    ("{repeat: {for_each: {'%x%': [a, b]}, template: 'n-%x%'}}", ["n-a", "n-b"]),
    (
        "{repeat: {for_each: {x: [1, 2], y: [3, 4]}, template: [x, y],"
        " permutations: false}}",
        [[1, 3], [2, 4]],
    ),
    ("{repeat: {for_each: {x: [{k: 1}]}, template: {v: x}}}", [{"v": {"k": 1}}]),
]


@pytest.mark.parametrize(("raw", "wanted"), GIVEN)
def test_functions(raw: str, wanted: Any) -> None:
    assert value(raw, parameters=PARAMETERS) == wanted


REFUSED = [
    ("{yaql: {expression: '1', data: 1}}", "yaql"),
    ("{get_file: nothing}", "No content"),
    ("{get_resource: nobody}", "reference"),
    ("{get_param: nothing}", "not provided"),
    ("{str_replace_strict: {template: x, params: {z: y}}}", "not found"),
    ("{str_replace_vstrict: {template: x, params: {x: ''}}}", "no value"),
    ("{digest: [crc, a]}", "algorithm"),
    ("{list_join: [',', 1]}", "lists"),
    ("{list_join: 5}", "arguments"),
    ("{repeat: 5}", "arguments"),
    ("{if: [nothing, 1, 2]}", "condition"),
    ("{make_url: {port: 99999}}", "port"),
    ("{resource_facade: nothing}", "one of"),
]


@pytest.mark.parametrize(("raw", "says"), REFUSED)
def test_what_functions_refuse(raw: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        value(raw)


def test_what_is_not_known_yet_stays_unknown() -> None:
    found = blueprint({"resources": {"r": {"type": "Test::Thing"}}})
    for raw in ("{get_attr: [r, size]}", "{list_join: ['', [{get_resource: r}]]}"):
        assert resolve(read_yaml(raw, "v"), found.scope()) is UNKNOWN


def test_versions_know_their_functions() -> None:
    assert [version.name for version in ALL] == sorted(version.name for version in ALL)
    old = {
        "heat_template_version": "2013-05-23",
        "outputs": {"o": {"value": {"if": 1}}},
    }
    blueprint(old)  # no function there: a map like any other
    with pytest.raises(Invalid, match="conditions"):
        blueprint({"heat_template_version": "2013-05-23", "conditions": {}})
    with pytest.raises(Invalid, match="should be one of"):
        blueprint({"heat_template_version": "2099-01-01"})


def test_conditions_choose_resources_and_outputs() -> None:
    document = read_yaml(
        """
        parameters: {env: {type: string}}
        conditions:
          prod: {equals: [{get_param: env}, prod]}
          not_prod: {not: prod}
        resources:
          always: {type: Test::Thing, depends_on: [big]}
          big: {type: Test::Thing, condition: prod}
          small: {type: Test::Thing, condition: not_prod}
        outputs:
          size:
            value: {if: [prod, {get_attr: [big, size]}, {get_attr: [small, size]}]}
          only: {value: 1, condition: prod}
        """,
        "template",
    )
    prod, other = blueprint(dict(document), env="prod"), blueprint(document, env="x")
    assert set(prod.sections) == {"always", "big"}
    assert prod.graph["always"] == {"big"}
    assert set(other.sections) == {"always", "small"}
    assert other.graph["always"] == frozenset()
    assert [each.name for each in other.outputs()] == ["size"]


WRONG = [
    ("resources: {a: {type: Test::Thing, depends_on: b}}", "reference"),
    ("resources: {a: {type: No::Such}}", "could not be found"),
    ("resources: {a: {type: Test::Thing, properties: {no: 1}}}", "Unknown Property"),
    ("resources: {a: {type: Test::Thing, properties: {size: x}}}", "not an integer"),
    ("resources: {a: {type: Test::Thing, properties: {size: 666}}}", "beast"),
    ("resources: {a: {type: Test::Thing, typo: 1}}", "valid keyword"),
    ("resources: {a: {type: Test::Thing, deletion_policy: Burn}}", "deletion policy"),
    (
        "resources: {a: {type: OS::Heat::RandomString, deletion_policy: Snapshot}}",
        "Snapshot",
    ),
    ("resources: {a/b: {type: Test::Thing}}", "resource name"),
    ("resources: 5", "map"),
    ("outputs: {o: {value: {get_attr: [x, y]}}}", "reference"),
    ("outputs: {o: {text: 1}}", "valid keyword"),
    (
        "{resources: {a: {type: Test::Thing}},"
        " outputs: {o: {value: {get_attr: [a, no]}}}}",
        "Attribute",
    ),
    (
        "resources: {a: {type: Test::Thing, depends_on: b},"
        " b: {type: Test::Thing, depends_on: a}}",
        "Circular",
    ),
    ("conditions: {a: {not: b}, b: {not: a}}", "Circular"),
    ("conditions: {a: 5}", "true or false"),
    ("parameters: {a: {type: thing}}", "Invalid type"),
    ("parameters: {a: {type: string, size: 1}}", "Invalid key"),
    ("parameters: {a: {type: number, default: x}}", "invalid"),
    ("parameters: {a: {type: string, constraints: [{range: {min: 1}}]}}", "range"),
    ("parameters: {a: {type: string}}", "not provided"),
    ("parameter_groups: [{parameters: [a]}]", "not a parameter"),
    ("somewhere: {}", "section"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_wrong_templates_are_refused(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        blueprint(text)


CONSTRAINED = [
    ("string", {"length": {"min": 2, "max": 3}}, "ab", "a"),
    ("string", {"allowed_values": ["a", "b"]}, "a", "c"),
    ("string", {"allowed_pattern": "[a-z]+"}, "abc", "aBc"),
    ("number", {"range": {"min": 1, "max": 2}}, "2", "3"),
    ("number", {"modulo": {"step": 2, "offset": 1}}, 3, 4),
    ("comma_delimited_list", {"length": {"max": 2}}, "a,b", "a,b,c"),
    ("json", {"length": {"min": 1}}, '{"a": 1}', {}),
]


@pytest.mark.parametrize(("kind", "rule", "good", "bad"), CONSTRAINED)
def test_constraints_of_parameters(kind: str, rule: Any, good: Any, bad: Any) -> None:
    document = {"parameters": {"p": {"type": kind, "constraints": [rule]}}}
    blueprint(dict(document), p=good)
    with pytest.raises(Invalid, match="'p' is invalid"):
        blueprint(document, p=bad)


def test_nothing_hidden_is_told() -> None:
    hidden = {"type": "string", "hidden": True, "constraints": [{"length": {"max": 3}}]}
    with pytest.raises(Invalid) as refused:
        blueprint({"parameters": {"p": hidden}}, p="secret")
    assert "secret" not in str(refused.value.text)
    secret = {"a": {"type": "Test::Thing", "properties": {"key": {"se": {1: "cret"}}}}}
    blueprint({"resources": secret})


def test_environments_give_parameters_and_types() -> None:
    text = """
    parameters: {size: {type: number, default: 1}}
    resources: {a: {type: "My::Thing", properties: {size: {get_param: size}}}}
    """
    environment = {
        "parameter_defaults": {"size": 4},
        "resource_registry": {"My::*": "Test::*"},
    }
    found = blueprint(text, environment)
    assert found.properties("a", found.scope())["size"] == 4
    own = {"resource_registry": {"resources": {"a": {"My::Thing": "Test::Thing"}}}}
    assert blueprint(text, own).kind_of("a")[0] == "Test::Thing"
    loop = {"resource_registry": {"My::Thing": "B", "B": "My::Thing"}}
    with pytest.raises(Invalid, match="circle"):
        blueprint(text, loop)
    with pytest.raises(Invalid, match="hooks"):
        blueprint(text, {"resource_registry": {"hooks": "pre-create"}})
    with pytest.raises(Invalid, match="encrypted"):
        blueprint(text, {"encrypted_param_names": ["a"]})


def test_environment_files_are_merged_in_their_order() -> None:
    files = {
        "a": "parameters: {x: 1, l: [1]}\nresource_registry: {A: B}",
        "b": "parameters: {x: 2, l: [2]}\nparameter_merge_strategies: {l: merge}",
    }
    merged = merge_environments(files, ["a", "b"], {"parameters": {"y": 3}})
    assert merged["parameters"] == {"x": 2, "l": [1, 2], "y": 3}
    assert merged["resource_registry"] == {"A": "B"}


def test_templates_as_types() -> None:
    files = {
        "my.yaml": f"heat_template_version: {VERSION}\n"
        "parameters: {size: {type: number}}\n"
        "outputs: {twice: {value: 2}}"
    }
    text = """
    resources: {a: {type: my.yaml, properties: {size: 3}}}
    outputs: {o: {value: {get_attr: [a, twice]}}}
    """
    found = blueprint(text, files=files)
    assert found.kind_of("a")[1].is_stack
    with pytest.raises(Invalid, match="not assigned"):
        blueprint("resources: {a: {type: my.yaml}}", files=files)
    with pytest.raises(Invalid, match="No content"):
        blueprint(text)


def test_json_may_be_indented_by_tabs() -> None:
    """As clients in Go write it, which YAML's readers take for an error."""
    text = (
        '\n\t{\n\t\t"heat_template_version": "2013-05-23",\n\t\t"resources": {}\n\t}\n'
    )
    assert read_yaml(text, "template") == {
        "heat_template_version": "2013-05-23",
        "resources": {},
    }


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', '{"a": ' + "[" * 10**5]
)
def test_json_is_held_to_the_same_limits(text: str) -> None:
    with pytest.raises(Invalid):
        read_yaml(text, "template")

"""Templates that are made to do harm: each is refused, and soon."""

from __future__ import annotations

import re
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.orchestration.errors import Invalid
from compute.orchestration.template.cloudformation import hot_form
from compute.orchestration.template.patterns import Pattern
from compute.orchestration.template.yaml_reader import read_yaml
from test.unit.compute.orchestration.house import House
from test.unit.compute.orchestration.test_templates import blueprint, value

SECONDS_MAX = 5.0
LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [
        f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]"
        for number in range(1, 12)
    ]
)
DOCUMENTS = {
    "laughs": LAUGHS,
    "deep": "[" * 5000 + "]" * 5000,
    "deep maps": "".join("{a: " for _ in range(5000)) + "1" + "}" * 5000,
    "itself": "&a [*a]",
    "merged laughs": "a: &a {x: 1}\nb: &b {<<: [*a, *a]}\nc: [" + "*b, " * 99_999 + "]",
    "python": "!!python/object/apply:os.system ['true']",
    "tag": "!unknown 5",
    "binary": "!!binary aGVsbG8=",
    "huge number": "a: 0x" + "f" * 100,
    "digits": "a: " + "9" * 10_000,
    "nan": "a: .nan",
    "nul": 'a: "\\0"',
    "surrogate": 'a: "\\ud800"',
    "two documents": "a: 1\n---\nb: 2",
    "key": "? [a, b]\n: 1",
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_documents_are_refused(name: str) -> None:
    started = time.process_time()
    with pytest.raises(Invalid):
        read_yaml(DOCUMENTS[name], "template")
    assert time.process_time() - started < SECONDS_MAX


def test_dates_are_texts_and_aliases_are_allowed() -> None:
    text = "a: 2013-05-23\nb: &b {c: 1}\nd: *b\n80: x"
    assert read_yaml(text, "t") == {
        "a": "2013-05-23",
        "b": {"c": 1},
        "d": {"c": 1},
        "80": "x",
    }


BOMBS = [
    "{repeat: {for_each: {a: [%s], b: [%s], c: [%s]}, template: abc}}"
    % ((",".join("1" * 200),) * 3),
    "{{str_replace: {{template: {}, params: {{a: {}}}}}}}".format(
        "a" * 9000, "b" * 9000
    ),
    "{{list_join: ['{}', [{}]]}}".format("x" * 9000, ",".join("1" * 2000)),
    "{{repeat: {{for_each: {{{}, x: [{}], y: [{}]}}, template: 1}}}}".format(
        ", ".join(f"k{number}: [1]" for number in range(1000)),
        *[",".join("1" * 600)] * 2,
    ),
    "{{str_replace: {{template: {}, params: {{{}}}}}}}".format(
        "a" * 100_000,
        ", ".join("a" * 20 + f"b{number}: ''" for number in range(2000)),
    ),
    "{{repeat: {{for_each: {{x: [{}]}}, template: {{digest: [sha512, {}]}}}}}}".format(
        ",".join("1" * 5000), "a" * 100_000
    ),
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_functions_make_no_more_than_so_much(bomb: str) -> None:
    started = time.process_time()
    with pytest.raises(Invalid, match="too much"):
        value(bomb)
    assert time.process_time() - started < SECONDS_MAX


SLOW = ["(a+)+$", "(a|aa)+", "(a*)*b", "(.*a){20}", "([a-z]+)*[0-9]"]


@pytest.mark.parametrize("pattern", SLOW)
def test_patterns_take_bounded_time(pattern: str) -> None:
    started = time.process_time()
    try:
        Pattern(pattern).matches("a" * 3000 + "!")
    except Invalid as error:
        assert "too l" in error.text
    assert time.process_time() - started < SECONDS_MAX


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a)\1",
        "(?=a)",
        "(?<!a)",
        "(?i)a",
        "a**",
        "*",
        "(",
        ")",
        "[a",
        "a{2000}",
        r"\b",
    ],
)
def test_patterns_that_cannot_be_matched_so_are_refused(pattern: str) -> None:
    with pytest.raises(Invalid):
        Pattern(pattern)


SIMPLE = ["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", "(a|b)", "(?:ab)", "^", "$"]
REPEATED = ["a?", "b*", "a+", "b{2}", "a{1,2}", "[a-c]*", "(ab|a)*", "-"]
PIECES = st.sampled_from([*SIMPLE, *REPEATED])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=6), st.text("ab1-c\n", max_size=8))
def test_patterns_match_what_pythons_do(pieces: list[str], text: str) -> None:
    pattern = "".join(pieces)
    if "^" in pattern[1:] or "$" in pattern[:-1]:
        pattern = pattern.replace("^", "").replace("$", "")
    # Python's "$" also stands before a last newline.
    wanted = re.fullmatch(pattern.replace("$", r"\Z"), text) is not None
    assert Pattern(pattern).matches(text) is wanted


def test_templates_have_a_size_and_stacks_a_number(house: House) -> None:
    most = house.settings.template_bytes
    large = "heat_template_version: 2013-05-23\n#" + "x" * most
    assert "exceeds" in house.create("s", large, 400)
    many = {f"r{number}": {"type": "OS::Heat::Value"} for number in range(1001)}
    order = {"heat_template_version": "2013-05-23", "resources": many}
    assert "Maximum resources" in house.create("s", order, 403)
    files = {"f": "x" * (most + 1)}
    small = {"heat_template_version": "2013-05-23"}
    assert "larger" in house.create("s", small, 400, files=files)
    body = {"stack_name": "s", "template_url": "http://169.254.169.254/"}
    assert house.call("POST", "/stacks", body).status == 400


def test_a_file_is_read_once_however_many_resources_it_is(house: House) -> None:
    many = "".join(f"  r{number}: {{type: OS::Heat::None}}\n" for number in range(900))
    text = f"heat_template_version: 2021-04-16\nresources:\n{many}"
    order = {
        "heat_template_version": "2021-04-16",
        "resources": {f"a{number}": {"type": "f.yaml"} for number in range(500)},
    }
    body = {"stack_name": "s", "template": order, "files": {"f.yaml": text}}
    started = time.process_time()
    assert house.call("POST", "/stacks/preview", body).status == 200
    assert time.process_time() - started < SECONDS_MAX


@pytest.mark.parametrize(
    "given", ["[" * 900 + "]" * 900, "[" * 100 + "]" * 100, r'["\u0000"]', "[1e400]"]
)
def test_texts_of_json_have_its_limits(house: House, given: str) -> None:
    order = {
        "heat_template_version": "2021-04-16",
        "parameters": {"p": {"type": "json", "hidden": True}},
        "outputs": {"o": {"value": {"list_concat": [{"get_param": "p"}]}}},
    }
    house.create("s", order, 400, parameters={"p": given})


def test_keys_that_no_type_has(house: House) -> None:
    with pytest.raises(Invalid):
        blueprint("resources: {a: {type: Test::Thing, properties: [1]}}")
    for name in ("", "1a", "a b", "a" * 256, None, 5):
        body = {"stack_name": name, "template": {"heat_template_version": "2013-05-23"}}
        assert house.call("POST", "/stacks", body).status == 400


def test_texts_longer_than_a_row_holds(house: House) -> None:
    long = "x" * 300
    resource = {"type": "Test::Thing", "external_id": long}
    order = {"heat_template_version": "2021-04-16", "resources": {"a": resource}}
    assert "too long" in house.create("s", order, 400)
    order["resources"] = {"a": {"type": long}}
    assert "too long" in house.create("s", order, 400)
    registry = {"resource_registry": {"a": "x" * 3000}}
    assert "name" in house.create("s", order, 400, environment=registry)
    described = {"heat_template_version": "2021-04-16", "description": "d" * 100_000}
    stack_id = house.create("s", described)
    assert len(house.show("s", stack_id)["description"]) == 4096


def test_rules_have_a_number() -> None:
    slow = {"type": "string", "default": "a", "constraints": [{"allowed_pattern": "a"}]}
    many = {f"p{number}": slow for number in range(51)}
    with pytest.raises(Invalid, match="patterns"):
        blueprint({"parameters": many})
    rule = {"allowed_values": ["a"] * 1001}
    with pytest.raises(Invalid, match="allowed_values"):
        blueprint({"parameters": {"p": {"type": "string", "constraints": [rule]}}})
    lists = {"p": {"type": "comma_delimited_list"}}
    with pytest.raises(Invalid, match="not of type"):
        blueprint({"parameters": lists}, p="a," * 20_000)
    registry = {f"A{number}": "B" for number in range(1001)}
    with pytest.raises(Invalid, match="rules"):
        blueprint({}, {"resource_registry": registry})


def test_mappings_are_not_walked_for_each_of_their_uses() -> None:
    mappings = {"m": {f"k{number}": {"v": "x"} for number in range(20_000)}}
    uses = [{"Fn::FindInMap": ["m", "k1", "v"]}] * 6_000
    properties = {"any": uses}
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Mappings": mappings,
        "Resources": {"r": {"Type": "Test::Thing", "Properties": properties}},
    }
    started = time.process_time()
    blueprint(document, version=None).validate()
    assert time.process_time() - started < SECONDS_MAX
    # Nor written for each: a snapshot that is restored has the translated template.
    assert len(orjson.dumps(hot_form(document))) < 2 * len(orjson.dumps(document))

"""Rules of mappings: what may be one, and whom they make of somebody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import regex

from compute.core.errors import BadRequest
from compute.identity.federation.claims import assertion_of
from compute.identity.federation.mapping import Mapped, Unmapped, map_attributes
from compute.identity.federation.mapping_schema import V1, V2, check_rules
from test.unit.compute.identity.federated import Federated, federated_house

CLAIMS = {
    "iss": "https://login.example.org/a",
    "sub": "1",
    "name": "Ann {0} {password}",
    "groups": ["staff", "admins-of-x", "guests"],
    "level": 3,
    "is_new": False,
    "realm": {"roles": ["r1", "r2"], "deep": {"er": {"still": "x"}}},
}
ASSERTION = assertion_of(CLAIMS, "OIDC-")
NAME = {"type": "OIDC-name"}


def mapped(remote: list[Any], *local: Any) -> Mapped:
    rules = [{"local": [{"user": {"name": "{0}"}}, *local], "remote": [NAME, *remote]}]
    check_rules(rules, V1)
    return map_attributes(
        rules, ASSERTION, lambda pattern, text: bool(regex.search(pattern, text))
    )


def groups(remote: Any) -> list[str]:
    return [each.id for each in mapped([remote], {"group_ids": "{1}"}).groups]


def test_attributes() -> None:
    assert ASSERTION["REMOTE_USER"] == ("1@login.example.org/a",)
    assert ASSERTION["HTTP_OIDC_GROUPS"] == ("staff", "admins-of-x", "guests")
    assert ASSERTION["OIDC-level"] == ("3",)
    assert ASSERTION["OIDC-is_new"] == ("false",)
    assert ASSERTION["OIDC-realm.roles"] == ("r1", "r2")
    assert not any("still" in name for name in ASSERTION)
    # Whoever chooses one claim does not speak for another.
    found = assertion_of({"a-b": "x", "a_b": "y", "c.d": "x", "c": {"d": "y"}}, "")
    assert found == {"a-b": ("x",), "a_b": ("y",)}


def test_conditions() -> None:
    kind = {"type": "OIDC-groups"}
    assert groups(kind) == ["staff", "admins-of-x", "guests"]
    assert groups({**kind, "whitelist": ["staff", "x"]}) == ["staff"]
    assert groups({**kind, "whitelist": ["^admins"], "regex": True}) == ["admins-of-x"]
    assert groups({**kind, "whitelist": ["^admins"]}) == []
    assert groups({**kind, "blacklist": ["staff"]}) == ["admins-of-x", "guests"]
    assert groups({**kind, "blacklist": ["s$"], "regex": True}) == [
        "staff",
        "admins-of-x",
    ]
    for good in (
        {"any_one_of": ["guests"]},
        {"any_one_of": ["^gue"], "regex": True},
        {"not_any_of": ["owners", "gue"]},
    ):
        assert mapped([{**kind, **good}]).groups == ()
    for bad in (
        {"any_one_of": ["gue"]},
        {"not_any_of": ["guests"]},
        {"not_any_of": ["^gue"], "regex": True},
    ):
        with pytest.raises(Unmapped):
            mapped([{**kind, **bad}])
    with pytest.raises(Unmapped):
        mapped([{"type": "OIDC-nothing", "not_any_of": ["x"]}])


def test_numbers_count_what_gives_values() -> None:
    remote = [{"type": "OIDC-groups", "any_one_of": ["staff"]}, {"type": "OIDC-level"}]
    found = mapped(remote, {"group": {"name": "of-{1}", "domain": {"name": "D"}}})
    assert [(each.name, each.domain.name) for each in found.groups] == [("of-3", "D")]


def test_values_are_not_read_as_rules() -> None:
    assert mapped([]).user.name == "Ann {0} {password}"


def test_one_is_needed_where_one_is() -> None:
    for user in ({"name": "{0}"}, {"id": "x-{0}"}):
        rules = [{"local": [{"user": user}], "remote": [{"type": "OIDC-groups"}]}]
        with pytest.raises(Unmapped):
            map_attributes(rules, ASSERTION, lambda pattern, text: False)


def test_without_a_name() -> None:
    rules = [{"local": [{"group": {"id": "g"}}], "remote": [NAME]}]
    found = map_attributes(rules, ASSERTION, lambda pattern, text: False)
    assert found.user.name == "1@login.example.org/a"
    with pytest.raises(Unmapped):
        map_attributes(rules, {"OIDC-name": ("x",)}, lambda pattern, text: False)


@pytest.mark.parametrize(
    ("local", "remote"),
    [
        ([{"user": {"name": "{1}"}}], [NAME]),
        ([{"user": {"name": "{0.__class__}"}}], [NAME]),
        ([{"user": {"name": "{}"}}], [NAME]),
        ([{"user": {"name": "{0}"}}], [{**NAME, "any_one_of": ["x"]}]),
        ([{"user": {"name": "{0}", "password": "x"}}], [NAME]),
        ([{"user": {"type": "root"}}], [NAME]),
        ([{"group": {"name": "x"}}], [NAME]),
        ([], [{**NAME, "whitelist": ["("], "regex": True}]),
        ([], [{**NAME, "whitelist": ["x"], "any_one_of": ["x"]}]),
        ([], [{**NAME, "any_one_of": "x"}]),
        ([], [{"regex": True}]),
        ([], []),
        ([{"projects": [{"name": "x"}]}], [NAME]),
        ([{"projects": [{"name": "x", "roles": [], "domain": {"id": "d"}}]}], [NAME]),
    ],
)
def test_rules_that_cannot_be(local: Any, remote: Any) -> None:
    with pytest.raises(BadRequest):
        check_rules([{"local": local, "remote": remote}], V1)


def test_projects_may_be_elsewhere_since_2() -> None:
    project = {"name": "x", "roles": [{"name": "r"}], "domain": {"id": "d"}}
    check_rules([{"local": [{"projects": [project]}], "remote": [NAME]}], V2)


@pytest.fixture
def federated(tmp_path: Path) -> Iterator[Federated]:
    with federated_house(tmp_path) as made:
        yield made


def test_patterns_have_an_end(federated: Federated) -> None:
    rules = [
        {
            "local": [{"user": {"name": "x"}}],
            "remote": [
                {"type": "OIDC-name", "any_one_of": ["^(a|a|aa)+$"], "regex": True}
            ],
        }
    ]
    federated.set_rules(rules)
    token = federated.provider.token_for("ann", name="a" * 1000 + "!")
    assert federated.come(token).status == 401
    assert federated.come(federated.provider.token_for("ann", name="aaa")).status == 201

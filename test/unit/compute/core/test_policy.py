"""The rules' small language."""

from __future__ import annotations

import pytest

from compute.core.context import RequestContext
from compute.core.errors import PolicyNotAuthorized
from compute.core.policy import BadRule, Policy

ADMIN = RequestContext(user_id="root", roles=frozenset({"admin", "member"}))
ANN = RequestContext(user_id="ann", project_id="p1", roles=frozenset({"member"}))
NOBODY = RequestContext()


def _allows(text: str, context: RequestContext, **target: str) -> bool:
    return Policy({"it": text}).allows(context, "it", target or None)


@pytest.mark.parametrize(
    ("text", "admin", "ann"),
    [
        ("role:admin", True, False),
        ("not role:admin", False, True),
        ("role:member and role:admin", True, False),
        ("role:nobody or role:member", True, True),
        ("(role:nobody or role:member) and not role:admin", False, True),
        ("role:nobody or role:member and role:admin", True, False),
        ("@", True, True),
        ("", True, True),
        ("!", False, False),
        ("user_id:ann", False, True),
        ("project_id:%(project_id)s", False, True),
    ],
)
def test_what_a_rule_allows(text: str, admin: bool, ann: bool) -> None:
    assert _allows(text, ADMIN) is admin
    assert _allows(text, ANN) is ann


def test_a_target_is_compared() -> None:
    assert _allows("project_id:%(project_id)s", ANN, project_id="p1")
    assert not _allows("project_id:%(project_id)s", ANN, project_id="p2")
    assert not _allows("project_id:%(owner)s", ANN, project_id="p1")


def test_no_scope_owns_nothing() -> None:
    assert not _allows("project_id:%(project_id)s", NOBODY, project_id="")


def test_rules_refer_to_each_other_and_are_overridden() -> None:
    rules = {"owner": "project_id:%(project_id)s", "see": "rule:owner or role:admin"}
    assert Policy(rules).allows(ANN, "see")
    closed = Policy(rules, {"owner": "!"})
    assert not closed.allows(ANN, "see")
    with pytest.raises(PolicyNotAuthorized) as caught:
        closed.enforce(ANN, "see")
    assert caught.value.status == 403
    assert "see" in caught.value.text


@pytest.mark.parametrize(
    "text",
    ["role:", "role", "(role:a", "role:a)", "role:a role:b", "and", "not", "rule:none",
     "rule:it", "colour:red", "role:a or", "x" * 5000],
)  # fmt: skip
def test_a_wrong_rule_stops_the_start(text: str) -> None:
    with pytest.raises(BadRule):
        Policy({"it": text})


def test_an_override_must_name_a_rule() -> None:
    with pytest.raises(BadRule, match="severs:create"):
        Policy({"servers:create": "@"}, {"severs:create": "@"})

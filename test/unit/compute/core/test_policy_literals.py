"""A policy rule that compares a part of the target with a text."""

from __future__ import annotations

import pytest

from compute.core.context import RequestContext
from compute.core.policy import BadRule, Policy


def test_a_literal_is_compared_with_the_target() -> None:
    policy = Policy({"grant": "'member':%(role.name)s or 'reader':%(role.name)s"})
    caller = RequestContext(user_id="u")
    assert policy.allows(caller, "grant", {"role.name": "member"})
    assert not policy.allows(caller, "grant", {"role.name": "admin"})
    assert not policy.allows(caller, "grant", {})


@pytest.mark.parametrize("text", ["'member':member", "'':%(a)s", ":x", "'a:%(a)s"])
def test_wrong_literals(text: str) -> None:
    with pytest.raises(BadRule):
        Policy({"grant": text})

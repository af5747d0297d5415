"""What a device must have given away before it is called empty."""

from __future__ import annotations

from objectstore.cli.drain import spaces_of
from objectstore.policy.erasure import Erasure, fragment_space
from objectstore.policy.policies import Policy


def test_fragments_are_of_their_policys_ring() -> None:
    policies = [
        Policy(0, "gold", is_default=True),
        Policy(1, "cold", erasure=Erasure(4, 2)),
    ]
    assert spaces_of("object", policies) == (0,)
    assert spaces_of("object-1", policies) == (1, fragment_space(1))
    assert spaces_of("container", policies) == (0,)

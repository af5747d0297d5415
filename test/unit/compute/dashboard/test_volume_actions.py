"""What is offered to do with a volume."""

from __future__ import annotations

import pytest

from compute.dashboard.pages.volumes.volumes import actions_of


@pytest.mark.parametrize(
    ("status", "shared", "attach", "extend"),
    [
        ("available", False, True, True),
        ("available", True, True, True),
        ("in-use", False, False, True),
        ("in-use", True, True, False),
        ("attaching", True, False, False),
        ("error", False, False, False),
    ],
)
def test_attach_and_extend(
    status: str, shared: bool, attach: bool, extend: bool
) -> None:
    volume = {"id": "v", "name": "v", "status": status, "multiattach": shared}
    offered = {each.href.rpartition("/")[2] for each in actions_of(volume)}
    assert ("attach" in offered, "extend" in offered) == (attach, extend)

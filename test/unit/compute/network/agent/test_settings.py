"""Options of the agent and what they come to."""

from __future__ import annotations

import pytest

from compute.network.agent.settings import NetworkAgentSettings, usable_resolvers
from objectstore.kernel.errors import Rejected


def test_uplinks() -> None:
    options = NetworkAgentSettings(uplinks=("office=eth1", " lab = eth2 "))
    assert options.uplink_map() == {"office": "eth1", "lab": "eth2"}
    for wrong in ("office", "=eth1", "office="):
        with pytest.raises(Rejected, match="is not name=interface"):
            NetworkAgentSettings(uplinks=(wrong,)).uplink_map()


def test_resolvers_that_others_can_ask() -> None:
    text = (
        "# by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nsearch example\n"
        "nameserver ::1\nnameserver\nnameserver x\n  nameserver 192.0.2.2\n"
    )
    assert usable_resolvers(text) == ("192.0.2.1", "192.0.2.2")

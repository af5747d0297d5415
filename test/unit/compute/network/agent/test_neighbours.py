"""The frame that announces an address."""

from __future__ import annotations

from compute.network.agent.host.neighbours import announcement


def test_a_gratuitous_arp_request() -> None:
    mac = bytes.fromhex("fa163e000001")
    assert announcement(mac, "172.24.4.101").hex() == (
        "ffffffffffff" "fa163e000001" "0806"
        "0001" "0800" "06" "04" "0001"
        "fa163e000001" "ac180465" "000000000000" "ac180465"
    )  # fmt: skip

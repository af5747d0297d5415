"""Which networks pages of a project show to administrators, who are told of all."""

from __future__ import annotations

from typing import Any

from compute.dashboard.pages.networks.reach import inner, subnets_of, usable


def network(name: str, owner: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "project_id": owner,
        "shared": False,
        "router:external": False,
        **more,
    }


NETWORKS = [
    network("own", "ours"),
    network("foreign", "theirs"),
    network("shared", "theirs", shared=True),
    network("out", "theirs", **{"router:external": True}),
]


def test_networks_of_other_projects_are_left_out() -> None:
    assert [each["id"] for each in usable(NETWORKS, "ours")] == ["own", "shared", "out"]


def test_servers_are_on_inner_networks() -> None:
    assert [each["id"] for each in inner(NETWORKS, "ours")] == ["own", "shared"]


def test_subnets_go_with_their_networks() -> None:
    subnets = [{"id": each["id"] + "-1", "network_id": each["id"]} for each in NETWORKS]
    found = subnets_of(inner(NETWORKS, "ours"), subnets)
    assert [each["id"] for each in found] == ["own-1", "shared-1"]

"""Which networks a project can use: its own, shared ones, and the ways out.  Pure.

Administrators are told of everybody's networks.  In lists and choices of one project
those of all the others would hide its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compute.dashboard.pages.words import Document


def usable(networks: Iterable[Document], project_id: str) -> list[Document]:
    """Those that the project can use."""
    return [
        each
        for each in networks
        if each["project_id"] == project_id or each["shared"] or each["router:external"]
    ]


def inner(networks: Iterable[Document], project_id: str) -> list[Document]:
    """Those of them that servers are on."""
    return [
        each for each in usable(networks, project_id) if not each["router:external"]
    ]


def subnets_of(networks: Iterable[Document], subnets: Iterable[Any]) -> list[Any]:
    """The subnets of these networks."""
    ids = {each["id"] for each in networks}
    return [each for each in subnets if each["network_id"] in ids]

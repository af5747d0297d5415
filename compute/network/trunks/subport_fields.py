"""What is said of subports in bodies, taken apart: needs no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.core.api.schema import Schema
from compute.network.errors import invalid
from compute.network.frame.fields import UUID, objects
from compute.network.trunks.model import SEGMENTATION_TYPE, VLAN_MAX, VLAN_MIN

INHERIT = "inherit"
# Numbers may come as text, as in other bodies.
_NUMBER = {"type": ["integer", "string"], "maxLength": 18}
SUBPORTS = objects(
    {
        "port_id": UUID,
        "segmentation_type": {"type": "string", "maxLength": 64},
        "segmentation_id": _NUMBER,
    },
    ("port_id",),
)
CHANGE = Schema(
    {
        "type": "object",
        "properties": {"sub_ports": {**SUBPORTS, "type": "array"}},
        "required": ["sub_ports"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port that is to be a subport."""

    port_id: str
    vlan: int


def wanted_subports(items: Sequence[Mapping[str, Any]] | None) -> list[Wanted]:
    """``sub_ports`` of a request, no port or VLAN id twice.  ``InvalidInput``."""
    found: list[Wanted] = []
    for item in items or ():
        one = Wanted(item["port_id"], _vlan(item))
        if any(one.port_id == each.port_id for each in found):
            raise invalid(f"sub_ports: port {one.port_id} stands there twice.")
        if any(one.vlan == each.vlan for each in found):
            raise invalid(f"sub_ports: segmentation_id {one.vlan} stands there twice.")
        found.append(one)
    return found


def _vlan(item: Mapping[str, Any]) -> int:
    kind = item.get("segmentation_type")
    if kind == INHERIT:
        raise invalid("sub_ports: networks here have no segmentation_id to inherit.")
    if kind is None or "segmentation_id" not in item:
        raise invalid(
            "sub_ports: each needs both segmentation_type and segmentation_id."
        )
    if kind != SEGMENTATION_TYPE:
        raise invalid(f"sub_ports: segmentation_type must be {SEGMENTATION_TYPE}.")
    text = str(item["segmentation_id"])
    if not (text.isascii() and text.isdigit() and VLAN_MIN <= int(text) <= VLAN_MAX):
        raise invalid(
            f"sub_ports: segmentation_id must be a number from {VLAN_MIN} to"
            f" {VLAN_MAX}."
        )
    return int(text)

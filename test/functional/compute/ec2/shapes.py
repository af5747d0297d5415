"""Whether every element of an answer is one that EC2's published model knows."""

from __future__ import annotations

from typing import Any

from lxml import etree


def unknown_elements(body: bytes, shape: Any) -> list[str]:
    """Paths of elements which clients would pass over in silence."""
    root = etree.fromstring(body)
    return [
        path
        for path in _walk(root, shape, "")
        if path not in ("/requestId", "/return")  # of every answer, of many
    ]


def _walk(element: Any, shape: Any, path: str) -> list[str]:
    if shape.type_name == "list":
        found = []
        for child in element:
            name = etree.QName(child).localname
            if name != "item":
                found.append(f"{path}/{name}")
            found += _walk(child, shape.member, f"{path}/item")
        return found
    if shape.type_name != "structure":
        return []
    members = {
        member.serialization.get("name", name): member
        for name, member in shape.members.items()
    }
    found = []
    for child in element:
        name = etree.QName(child).localname
        if name not in members:
            found.append(f"{path}/{name}")
        else:
            found += _walk(child, members[name], f"{path}/{name}")
    return found

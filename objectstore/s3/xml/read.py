"""Reading S3's XML documents: small, shallow, without DTDs or entities.

A document becomes plain ``Node`` values with namespaces dropped (clients send
S3's, an old one, or none).  Everything that could make a small document
expensive is refused before or while parsing: DTDs, entities, other encodings,
depth, number of elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from objectstore.s3.errors import S3Error

# The deepest document that S3 knows has 7 levels (lifecycle filters).
DEPTH_MAX = 12
# 10,000 parts with number, ETag and a checksum each, and room.
ELEMENTS_MAX = 70_000
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(slots=True)
class Node:
    """An element: local name, its text, its child elements."""

    name: str
    text: str = ""
    children: list[Node] = field(default_factory=list)
    # xsi:type, which grants carry.
    kind: str = ""

    def child(self, name: str) -> Node | None:
        """The first child of that name."""
        for node in self.children:
            if node.name == name:
                return node
        return None

    def all(self, name: str) -> Iterator[Node]:
        """Every child of that name."""
        return (node for node in self.children if node.name == name)

    def get(self, name: str, default: str = "") -> str:
        """The text of the first child of that name."""
        node = self.child(name)
        return default if node is None else node.text


def read_document(
    body: bytes,
    root: str = "",
    *,
    error: str = "MalformedXML",
    keep_space: bool = False,
) -> Node:
    """The document's root, whose name must be ``root`` (when given).

    Raises ``S3Error`` with the code ``error``.  Texts are stripped unless
    ``keep_space``: keys in a DeleteObjects may begin with a space.
    """
    if b"<!" in body.replace(b"<!--", b"") or b"\x00" in body:
        # DTDs, entity declarations, CDATA sections and UTF-16 have no place here.
        raise S3Error(error)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        tree = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise S3Error(error) from None
    node = _convert(tree, keep_space, error)
    if root and node.name != root:
        raise S3Error(error)
    return node


def _convert(top: etree._Element, keep_space: bool, error: str) -> Node:
    """An explicit stack: depth is the client's choice, recursion is ours."""
    result = _node(top, keep_space, error)
    stack = [(top, result, 1)]
    count = 1
    while stack:
        source, target, depth = stack.pop()
        if depth > DEPTH_MAX:
            raise S3Error(error)
        for inner in source:
            count += 1
            if count > ELEMENTS_MAX:
                raise S3Error(error)
            made = _node(inner, keep_space, error)
            target.children.append(made)
            if len(inner):
                stack.append((inner, made, depth + 1))
    return result


def _node(source: etree._Element, keep_space: bool, error: str) -> Node:
    tag = source.tag
    if not isinstance(tag, str):  # an entity reference that was left alone
        raise S3Error(error)
    content = source.text or ""
    return Node(
        tag.rpartition("}")[2],
        content if keep_space else content.strip(),
        kind=source.get(_XSI_TYPE, ""),
    )

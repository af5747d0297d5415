"""A document that was read, written again: normalised, without what we ignore."""

from __future__ import annotations

from objectstore.s3.xml.read import Node
from objectstore.s3.xml.write import HEAD, NAMESPACE, escape

_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def render(node: Node) -> str:
    """The element as text, without a namespace of its own."""
    kind = f' {_XSI} xsi:type="{escape(node.kind)}"' if node.kind else ""
    inner = "".join([render(child) for child in node.children]) or escape(node.text)
    return f"<{node.name}{kind}>{inner}</{node.name}>"


def render_document(text: str) -> bytes:
    """A stored element as a document in S3's namespace."""
    name = text[1:].partition(">")[0]
    return f'{HEAD}<{name} xmlns="{NAMESPACE}"{text[1 + len(name) :]}'.encode()

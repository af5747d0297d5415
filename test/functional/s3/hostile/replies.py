"""What a hostile client sends with a good signature, and what it is told."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from test.functional.harness.http import Answer

Ask = Callable[..., Answer]


def code(answer: Answer) -> str:
    """The error's code, of a reply that any XML parser must understand."""
    found = etree.fromstring(answer.body).findtext("Code")
    assert found is not None
    return str(found)

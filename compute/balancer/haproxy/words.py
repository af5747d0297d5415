"""Users' texts inside haproxy's configuration: quoted, so that they stay texts.

Between single quotes nothing has a meaning but the quote itself.  What haproxy reads as
a format (where ``%`` begins something to be filled in) is doubled as well.  Control
characters never come this far (``compute.balancer.schemas``); here they are a bug.
"""

from __future__ import annotations


def quoted(text: str) -> str:
    """One word, whatever is in it."""
    assert text.isprintable(), "a control character would end the line"
    return "'" + text.replace("'", "'\\''") + "'"


def quoted_format(text: str) -> str:
    """The same, where haproxy would fill in what follows a ``%``."""
    return quoted(text.replace("%", "%%"))


def address(text: str) -> str:
    """Haproxy tells IPv6 from port by the last colon, unless there are brackets."""
    return f"[{text}]" if ":" in text else text


def address_with_port(text: str, port: int) -> str:
    """The same with a port."""
    return f"{address(text)}:{port}"

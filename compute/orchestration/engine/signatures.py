"""URLs at which whoever has them may signal one resource, without a token.  Pure.

The key is the stack's own and never leaves the database; a replaced resource, and
another stack of the same name, have other signatures.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

from compute.orchestration.model import Resource, Stack

PARAMETER = "signature"


def signature_of(stack: Stack, row: Resource) -> str:
    """64 hexadecimal digits."""
    text = f"signal/{stack.id}/{row.id}".encode()
    return hmac.new(bytes.fromhex(stack.signal_key), text, hashlib.sha256).hexdigest()


def is_signature(stack: Stack, row: Resource, given: str) -> bool:
    """Whether it is the one; takes the same time however wrong it is."""
    return hmac.compare_digest(signature_of(stack, row).encode(), given.encode())


def signal_url(endpoint: str, stack: Stack, row: Resource) -> str:
    """Below ``endpoint``, that of this room for the stack's project."""
    path = "/".join(
        quote(each, safe="")
        for each in ("stacks", stack.name, stack.id, "resources", row.name, "signal")
    )
    return f"{endpoint}/{path}?{PARAMETER}={signature_of(stack, row)}"

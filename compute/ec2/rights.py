"""Who may see and change what this API keeps itself; of all else the rooms decide."""

from __future__ import annotations

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer

READERS = frozenset(("reader", "admin"))
WRITERS = frozenset(("member", "admin"))


def allow(signer: Signer, roles: frozenset[str]) -> None:
    """``Ec2Error`` unless he has one of these in his project."""
    if not roles & signer.roles:
        text = "You are not authorized to perform this operation."
        raise Ec2Error("UnauthorizedOperation", text)

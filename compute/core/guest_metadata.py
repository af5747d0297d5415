"""What a server's user says of the metadata service that it asks, as EC2 has it.

Keys of the server's own metadata: who may change that decides these.

* ``ec2:http-tokens`` = ``required``: only who brings a session token is answered, in
  either tree.  A page that a guest's program is tricked into reading brings none.
* ``ec2:http-endpoint`` = ``disabled``: nobody is answered at all.
* ``ec2:http-hops``: over how many hops a token goes (1 to 64).
* ``ec2:metadata-tags`` = ``enabled``: the guest may read its tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RESERVED = "ec2:"
"""What begins so is said to a room, and is no tag of the user's."""

TOKENS = "ec2:http-tokens"
ENDPOINT = "ec2:http-endpoint"
HOPS = "ec2:http-hops"
TAGS = "ec2:metadata-tags"
REQUIRED = "required"
DISABLED = "disabled"
ENABLED = "enabled"
HOPS_MAX = 64


@dataclass(frozen=True, slots=True)
class MetadataOptions:
    """Read from a server's metadata; what makes no sense there counts as unsaid."""

    needs_token: bool = False
    is_open: bool = True
    hops: int = 1
    shows_tags: bool = False


def options_of(metadata: Mapping[str, str]) -> MetadataOptions:
    """Those of a server with this metadata."""
    hops = metadata.get(HOPS, "")
    is_number = hops.isascii() and hops.isdigit() and len(hops) <= len(str(HOPS_MAX))
    return MetadataOptions(
        needs_token=metadata.get(TOKENS) == REQUIRED,
        is_open=metadata.get(ENDPOINT) != DISABLED,
        hops=min(max(int(hops), 1), HOPS_MAX) if is_number else 1,
        shows_tags=metadata.get(TAGS) == ENABLED,
    )

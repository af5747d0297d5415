"""Disks beside ours, which no row knows: an operator brought them, or let them go.

They lie where nothing else does, so that whoever names one can name no volume of
anybody's, nor any other file; and what clears away our strays never sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
"""What a name may be: no separators, nothing hidden, no way upwards."""
UNMANAGED_MAX = 10_000
"""More than anybody lists; each is looked at for a list."""


@dataclass(frozen=True, slots=True)
class UnmanagedDisk:
    """``problem``: why it cannot be taken over, in words; "" when it can."""

    name: str
    size_bytes: int
    problem: str = ""


class UnmanagedDisks(Protocol):
    """One place for them.  Each call may be repeated."""

    def found(self) -> Iterator[UnmanagedDisk]:
        """All, by their names; ``UNMANAGED_MAX`` at most."""

    def adopt(self, name: str, disk: str, size_bytes: int) -> None:
        """It is that disk of ours from now on, of that size (its own or more), and no
        more among these.  ``Rejected`` 400 for one that cannot be taken over."""

    def release(self, disk: str, name: str) -> None:
        """A disk of ours is one of these from now on; it must not be exported.
        ``Rejected`` 409 where there is another of that name."""

"""What can go wrong with a ring, and whose fault it is.

`Refused` is the caller's mistake: a bad argument, a duplicate device, too few devices
for the replicas. `Damaged` is the data's: a file that is cut short, fails its checksum
or was written by a newer program. Both carry one clear line for the reader.
"""

from __future__ import annotations


class RingError(Exception):
    """The root of every error this package raises on purpose."""


class Refused(RingError):
    """The request cannot be done as asked; nothing was changed."""


class Damaged(RingError):
    """A file cannot be trusted: wrong format, wrong checksum, impossible content."""

"""The records of meters.

A *label* is a meter of its project's routers, or, when it is shared, of all routers.
Its *rules* say what it counts of what comes in by their gateways and goes out there.
"""

from __future__ import annotations

from dataclasses import dataclass

from compute.network.model import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringLabel(Resource):
    """What is counted together."""

    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringRule(Resource):
    """What of one direction counts, or (``excluded``) does not whatever other rules
    say.  Prefixes are "" for any; the remote one, whatever its name, is that of the
    inner side (``reach``)."""

    label_id: str
    direction: str
    excluded: bool
    remote_prefix: str
    source_prefix: str
    destination_prefix: str

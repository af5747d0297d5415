"""Room on hosts that is claimed for servers and moves that are not there."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from compute.app.doctor.finding import Finding
from compute.instance.client import InstanceClient


def stray_places(instances: InstanceClient) -> Iterator[Finding]:
    """What the instance room itself finds: it looks in one transaction."""
    for place in instances.stray_places():
        yield Finding(
            "allocation",
            place.id or place.host,
            f"{place.detail} on {place.host}" if place.id else place.detail,
            functools.partial(instances.give_back, place),
        )

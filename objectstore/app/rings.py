"""The rings a process uses, followed when an operator replaces their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectstore.kernel.settings import BadSettings, Mistake
from objectstore.policy.policies import Policies
from ring.errors import RingError
from ring.file import RingFile
from ring.ring import Ring


@dataclass(frozen=True, slots=True)
class RingSet:
    """One state of all rings; equal sets hold the very same rings."""

    account: Ring
    container: Ring
    objects: Mapping[int, Ring]

    def all(self) -> list[Ring]:
        """Every ring."""
        return [self.account, self.container, *self.objects.values()]


class RingFiles:
    """The ring files of one directory: ``current`` looks whether they changed."""

    def __init__(
        self, directory: Path, policies: Policies, monotonic: Callable[[], float]
    ) -> None:
        """Raises ``BadSettings`` naming every file that cannot be read."""
        mistakes: list[Mistake] = []

        def follow(name: str) -> RingFile | None:
            path = directory / f"{name}.ring.gz"
            try:
                return RingFile(path, clock=monotonic)
            except (OSError, RingError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                mistakes.append(Mistake(str(path), "", "", f"no ring: {reason}"))
                return None

        account, container = follow("account"), follow("container")
        objects = {policy.index: follow(policy.ring_name) for policy in policies}
        if mistakes or account is None or container is None:
            raise BadSettings(mistakes)
        self._account, self._container = account, container
        self._objects = {index: file for index, file in objects.items() if file}

    def current(self) -> RingSet:
        """The rings as they are now."""
        return RingSet(
            self._account.ring,
            self._container.ring,
            {index: file.ring for index, file in self._objects.items()},
        )


def ring_facts(rings: RingSet, policies: Policies) -> dict[str, Any]:
    """What operators are told of each ring, by its name."""
    named = {"account": rings.account, "container": rings.container}
    for policy in policies:
        named[policy.ring_name] = rings.objects[policy.index]
    return {
        name: {
            "digest": ring.digest,
            "version": ring.version,
            "devices": sum(device is not None for device in ring.devices),
            "part_power": ring.part_power,
            "replicas": ring.replica_count,
        }
        for name, ring in named.items()
    }

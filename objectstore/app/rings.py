"""The rings a process uses, followed when an operator replaces their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from objectstore.kernel.settings import BadSettings, Mistake
from objectstore.policy.erasure import Erasure
from objectstore.policy.policies import Policies
from ring.errors import Refused, RingError
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

        def follow(name: str, erasure: Erasure | None = None) -> RingFile | None:
            path = directory / f"{name}.ring.gz"
            try:
                check = partial(_check_fits, erasure)
                return RingFile(path, clock=monotonic, check=check)
            except (OSError, RingError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                mistakes.append(Mistake(str(path), "", "", f"no ring: {reason}"))
                return None

        account, container = follow("account"), follow("container")
        objects = {
            policy.index: follow(policy.ring_name, policy.erasure)
            for policy in policies
        }
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


def _check_fits(erasure: Erasure | None, ring: Ring) -> None:
    """Raises ``Refused`` for a ring that has no place for each fragment."""
    if erasure is None:
        return
    wanted = erasure.fragments
    if ring.replica_count != wanted:
        raise Refused(
            f"{ring.replica_count:g} replicas, but the storage policy has {wanted} "
            "fragments: data and parity"
        )
    if any(len(set(column)) < wanted for column in zip(*ring.rows, strict=True)):
        raise Refused(f"fewer than {wanted} devices hold a partition")


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

"""Who holds which keys of a partition, compared over all devices of a ring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from objectstore.cli.outside import Outside, asked, of
from ring.device import Device
from ring.ring import Ring

# One call's worth of digests, and of states.
PARTITIONS_ASKED = 1024
STATES_ASKED = 1000
EMPTY = bytes(16)


@dataclass(slots=True)
class Findings:
    """What a comparison has found; ``problems`` are lines for people."""

    keys: int = 0
    complete: int = 0  # on all primaries, all alike
    missing: int = 0  # copies that a primary lacks
    differing: int = 0  # copies that are not as most others are
    misplaced: int = 0  # copies on devices that are no primaries
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Placed:
    """A key, and a device that has it as most do."""

    key: bytes
    device: Device


class RingComparison:
    """All devices of one ring, asked for a choice of partitions."""

    def __init__(
        self, outside: Outside, ring_name: str, ring: Ring, policy: int
    ) -> None:
        self.findings = Findings()
        self._name = ring_name
        self._ring = ring
        self._nodes = {
            device.id: outside.node(ring_name, device, policy) for device in of(ring)
        }
        self._devices = {device.id: device for device in of(ring)}
        self._silent: set[int] = set()

    def compare(self, partitions: Sequence[int]) -> Iterator[Placed]:
        """Compare, and yield every key once."""
        for first in range(0, len(partitions), PARTITIONS_ASKED):
            chosen = partitions[first : first + PARTITIONS_ASKED]
            filled = self._filled(chosen)
            for at, partition in enumerate(chosen):
                holders = [number for number in filled if filled[number][at] != EMPTY]
                if holders:
                    yield from self._compare_keys(partition, holders)

    def _filled(self, partitions: Sequence[int]) -> dict[int, list[bytes]]:
        digests = {}
        for number, node in self._nodes.items():
            if number in self._silent:
                continue
            found, problem = asked(
                node.digests, list(partitions), self._ring.part_power
            )
            if problem:
                self._silent.add(number)
                device = self._devices[number]
                where = f"{device.ip}:{device.port}/{device.device}"
                self.findings.problems.append(f"{where}: cannot be asked: {problem}")
            else:
                digests[number] = found
        return digests

    def _compare_keys(self, partition: int, holders: list[int]) -> Iterator[Placed]:
        held = {number: self._keys(number, partition) for number in holders}
        primaries = [device.id for device in self._ring.primaries(partition)]
        for key in sorted({key for keys in held.values() for key in keys}):
            digests = {
                number: keys[key] for number, keys in held.items() if key in keys
            }
            usual, _ = Counter(digests.values()).most_common(1)[0]
            self._judge(key, digests, usual, primaries)
            holder = next(each for each in digests if digests[each] == usual)
            yield Placed(key, self._devices[holder])

    def _judge(
        self, key: bytes, digests: dict[int, int], usual: int, primaries: list[int]
    ) -> None:
        findings = self.findings
        findings.keys += 1
        missing = [each for each in primaries if each not in digests]
        differing = [each for each in digests if digests[each] != usual]
        misplaced = [each for each in digests if each not in primaries]
        findings.missing += len(missing)
        findings.differing += len(differing)
        findings.misplaced += len(misplaced)
        if not (missing or differing or misplaced):
            findings.complete += 1
            return
        words = []
        for word, numbers in (
            ("missing on", missing),
            ("different on", differing),
            ("left over on", misplaced),
        ):
            if numbers:
                names = ", ".join(self._devices[each].device for each in numbers)
                words.append(f"{word} {names}")
        findings.problems.append(f"{self._name} {key.hex()}: {'; '.join(words)}")

    def _keys(self, number: int, partition: int) -> dict[bytes, int]:
        """A device's keys of a partition with their states' digests."""
        keys: dict[bytes, int] = {}
        after, node = b"", self._nodes[number]
        while True:
            page: list[Any]
            page, problem = asked(
                node.states, partition, self._ring.part_power, after, STATES_ASKED
            )
            if problem:
                self.findings.problems.append(
                    f"{self._devices[number].device}: {problem}"
                )
                return keys
            keys.update(page)
            if len(page) < STATES_ASKED:
                return keys
            after = page[-1][0]

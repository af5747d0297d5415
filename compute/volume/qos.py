"""What QoS specs promise of a volume's speed: pure.

Limits hold where the guest's emulator sends its requests (the *front end*).  There is
no back end that could keep others, so specs that ask for one are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compute.core.errors import BadRequest

FRONT, BOTH, BACK = "front-end", "both", "back-end"
CONSUMERS = (FRONT, BOTH, BACK)
_RATES = tuple(
    f"{what}_{unit}_sec"
    for unit in ("bytes", "iops")
    for what in ("total", "read", "write")
)
"""In bytes, or requests, for each second."""
_BURSTS = tuple(f"{rate}_max" for rate in _RATES)
_BURST_SECONDS = tuple(f"{burst}_length" for burst in _BURSTS)
LIMITS = (*_RATES, *_BURSTS, *_BURST_SECONDS, "size_iops_sec")
"""What is enforced, by the names that libvirt has too.  0: no limit."""
_PER_GIB = {f"{rate}_per_gb": rate for rate in _RATES}
_LEAST = {f"{rate}_per_gb_min": rate for rate in _RATES}
LIMIT_MAX = 10**15
"""Of any of them; the emulator takes no more."""


def check(consumer: str, specs: Mapping[str, str]) -> None:
    """``BadRequest`` for what would not be kept.  Names that are no limits are the
    operator's own notes."""
    if consumer == BACK:
        raise BadRequest(
            f"QoS specs of consumer {BACK} are not enforced here: volumes are limited"
            f" where guests send their requests. Use consumer {FRONT} (or {BOTH})."
        )
    for name in (*LIMITS, *_PER_GIB, *_LEAST):
        if name in specs and _number(specs[name]) is None:
            raise BadRequest(
                f"QoS spec {name} must be a whole number from 0 to {LIMIT_MAX}, not"
                f" '{specs[name]}'"
            )
    for unit in ("bytes", "iops"):
        for ending in ("", "_max"):
            total, parts = _names(unit, ending)
            found = limits_of(specs, 1)
            if found.get(total) and any(found.get(part) for part in parts):
                raise BadRequest(
                    f"QoS specs have either {total} or {' and '.join(parts)}, not both"
                )
    _check_bursts(limits_of(specs, 1))


def limits_of(specs: Mapping[str, str], size_gib: int) -> dict[str, int]:
    """The limits of a volume of that size, by the names of ``LIMITS``."""
    found = {}
    for name in LIMITS:
        number = _number(specs.get(name, "0"))
        if number:
            found[name] = number
    for per_gib, rate in _PER_GIB.items():
        each = _number(specs.get(per_gib, "0")) or 0
        if each and rate not in found:
            least = _number(specs.get(f"{per_gib}_min", "0")) or 0
            found[rate] = min(LIMIT_MAX, max(each * size_gib, least))
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """A server's volume: the limits that its host was ``told`` last, and those that the
    volume's type and size ask for now."""

    server_id: str
    volume_id: str
    told: Mapping[str, int]
    wanted: Mapping[str, int]


def to_tell(found: Iterable[Told]) -> dict[tuple[str, str], Mapping[str, int]]:
    """Server and volume, of each whose host knows other limits than those of now, with
    the latter."""
    return {
        (each.server_id, each.volume_id): each.wanted
        for each in found
        if each.told != each.wanted
    }


def _check_bursts(found: Mapping[str, int]) -> None:
    for rate, burst in zip(_RATES, _BURSTS, strict=True):
        if burst in found and found[burst] < found.get(rate, 0):
            raise BadRequest(f"QoS spec {burst} must not be less than {rate}")
        if burst in found and rate not in found:
            raise BadRequest(f"QoS spec {burst} needs {rate}")
        if f"{burst}_length" in found and burst not in found:
            raise BadRequest(f"QoS spec {burst}_length needs {burst}")


def _names(unit: str, ending: str) -> tuple[str, tuple[str, str]]:
    return (
        f"total_{unit}_sec{ending}",
        (f"read_{unit}_sec{ending}", f"write_{unit}_sec{ending}"),
    )


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LIMIT_MAX))):
        return None
    number = int(text)
    return number if number <= LIMIT_MAX else None

"""What ``cluster.conf`` says of one storage policy."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from objectstore.erasure.codes import best_code
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.option_types import Size
from objectstore.kernel.settings import Reader, option
from objectstore.policy.erasure import SEGMENT_BYTES, Erasure
from objectstore.policy.policies import Policy


class PolicyType(enum.Enum):
    """How a policy keeps its objects."""

    REPLICATION = "replication"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """One storage policy; its index stands in the section's name."""

    name: str = option(text="What clients call it in X-Storage-Policy")
    aliases: tuple[str, ...] = option((), "Further names for it")
    default: bool = option(False, "New containers get it unless they ask otherwise")
    deprecated: bool = option(False, "Serves what it has, takes no new containers")
    type: PolicyType = option(
        PolicyType.REPLICATION, "Whole copies, or fragments by an erasure code"
    )
    data: int = option(
        0, "Erasure: fragments that give an object back; never change it", minimum=0
    )
    parity: int = option(
        0, "Erasure: fragments more, that may be lost; never change it", minimum=0
    )
    segment: Size = option(
        SEGMENT_BYTES, "Erasure: bytes of an object that are encoded together"
    )


def read_policy(
    reader: Reader, index: int, section: str, values: Mapping[str, str]
) -> Policy:
    """The policy of a section; the reader is told of mistakes."""
    settings = reader.read(PolicySettings, values, section)
    return Policy(
        index,
        settings.name or "",
        settings.aliases,
        settings.default,
        settings.deprecated,
        _erasure(reader, section, settings),
    )


def _erasure(reader: Reader, section: str, settings: PolicySettings) -> Erasure | None:
    if settings.type is PolicyType.REPLICATION:
        if settings.data or settings.parity:
            reader.note(section, "type", "data and parity are of type = erasure")
        return None
    try:
        best_code()
    except Unavailable as error:
        reader.note(section, "type", str(error))
    return Erasure(settings.data, settings.parity, settings.segment)

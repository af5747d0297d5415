"""Which filter stands where, checked at start.

Filters declare as data what they must stand after (``AFTER``) and before
(``BEFORE``): names of other filters, which matter only when they are in the
pipeline at all.  A pipeline that breaks a rule refuses to start and says why;
nothing is moved behind the operator's back.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

# Without these no request has a context, or clients can forge internal headers.
REQUIRED = ("catch_errors", "gatekeeper")

# What filters stand after that know kinds of objects (manifests, links, versions): who
# asks and what for is decided by then.
BEFORE_LARGE_OBJECTS = (
    "catch_errors",
    "gatekeeper",
    "info",
    "tempurl",
    "formpost",
    "tempauth",
    "staticweb",
    "bulk",
    "copy",
    "account_quotas",
    "container_quotas",
)
BEFORE_KINDS_OF_OBJECTS = (*BEFORE_LARGE_OBJECTS, "slo")

# All filters in an order that keeps every rule.
FULL_PIPELINE = (
    "catch_errors",
    "gatekeeper",
    "healthcheck",
    "info",
    "list_endpoints",
    "crossdomain",
    "cname_lookup",
    "domain_remap",
    "name_check",
    "s3",
    "etag_quoter",
    "cors",
    "ratelimit",
    "container_sync",
    "tempurl",
    "formpost",
    "identity",
    "tempauth",
    "read_only",
    "staticweb",
    "bulk",
    "copy",
    "account_quotas",
    "container_quotas",
    "s3_guard",
    "slo",
    "dlo",
    "symlink",
    "versioned_writes",
    "object_versioning",
    "encryption",
)

# Those that change what clients see without their asking, or need settings.
ONLY_WHEN_ASKED_FOR = frozenset(
    {
        "list_endpoints",
        "crossdomain",
        "cname_lookup",
        "domain_remap",
        "name_check",
        "etag_quoter",
        "ratelimit",
        "read_only",
        "encryption",
    }
)

# What a store has when nobody asks for more: every filter that does nothing
# until somebody uses it, and that needs no setting.  What samples are made of.
DEFAULT_PIPELINE = tuple(
    name for name in FULL_PIPELINE if name not in ONLY_WHEN_ASKED_FOR
)

# Where PasteDeploy finds filters by name, ours and others'.
ENTRY_POINTS = "paste.filter_factory"


@dataclass(frozen=True, slots=True)
class Place:
    """What one filter says of its place."""

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


def check_pipeline(
    names: Sequence[str], places: Mapping[str, Place] | None = None
) -> list[str]:
    """The mistakes of a pipeline, from the outside in; empty: it is right.

    ``names`` are entry point names without the server at the end; dashes count
    as underscores.  Filters that are not ours have no rules of their own.
    """
    order = [name.replace("-", "_") for name in names]
    if places is None:
        places = declared_places(order)
    mistakes = [f"{name} is missing" for name in REQUIRED if name not in order]
    position: dict[str, int] = {}
    for index, name in enumerate(order):
        if name in position:
            mistakes.append(f"{name} is there twice")
        position.setdefault(name, index)
    if "catch_errors" in position and position["catch_errors"] != 0:
        mistakes.append("catch_errors must be the first filter")
    for first, second in _declared_pairs(position, places):
        present = first in position and second in position
        if present and position[first] > position[second]:
            mistakes.append(f"{first} must stand before {second}")
    return mistakes


def _declared_pairs(
    names: Iterable[str], places: Mapping[str, Place]
) -> Iterable[tuple[str, str]]:
    """(first, second), each once, in the order of the pipeline."""
    pairs: dict[tuple[str, str], None] = {}
    for name in names:
        place = places.get(name, Place())
        pairs.update(((other, name), None) for other in place.after)
        pairs.update(((name, other), None) for other in place.before)
    return pairs


def declared_places(names: Iterable[str]) -> dict[str, Place]:
    """What the installed filters of these names declare in their modules."""
    places = {}
    installed = entry_points(group=ENTRY_POINTS)
    for name in names:
        for entry in installed.select(name=name):
            module = importlib.import_module(entry.module)
            places[name] = Place(
                tuple(getattr(module, "AFTER", ())),
                tuple(getattr(module, "BEFORE", ())),
            )
    return places

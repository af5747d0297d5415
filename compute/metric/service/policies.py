"""Archive policies and their rules: checked, kept, chosen for new metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from compute.core.errors import BadRequest, Conflict
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.defaults import METHODS
from compute.metric.errors import Explained, invalid_input, no_policy, no_rule
from compute.metric.model import ArchivePolicy, ArchivePolicyRule
from compute.metric.series.methods import is_method
from compute.metric.series.moments import NotPositive, clock_text, duration, seconds
from compute.metric.series.plan import ENDLESS

DEFINITIONS_MAX = 10
METHODS_MAX = 32
# Two centuries of minutes.
POINTS_MAX = 100_000_000
BACK_WINDOW_MAX = 1_000_000
PATTERN_WILDCARDS_MAX = 8


def definition_of(given: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """(granularity, points) of items that say two of granularity, points and timespan;
    or a granularity alone, of which all is kept.  ``BadRequest``."""
    if not 1 <= len(given) <= DEFINITIONS_MAX:
        raise BadRequest(f"A definition has 1 to {DEFINITIONS_MAX} items")
    found = [_item(each, place) for place, each in enumerate(given)]
    granularities = [granularity for granularity, _ in found]
    if len(set(granularities)) < len(granularities):
        twice = next(it for it in granularities if granularities.count(it) > 1)
        raise BadRequest(
            f"More than one archive policy uses granularity `{seconds(twice)}'"
        )
    return sorted(found)


def _item(given: Mapping[str, Any], place: int) -> list[int]:
    granularity = _given(given, place, "granularity")
    timespan = _given(given, place, "timespan")
    points = _points(given, place)
    if granularity is None and timespan and points:
        granularity = timespan // points
    if granularity is None:
        raise _wrong_definition(
            "At least two of granularity/points/timespan must be provided"
        )
    if timespan is not None:
        if points is not None and timespan != granularity * points:
            raise _wrong_definition(
                "timespan ≠ granularity \N{MULTIPLICATION SIGN} points"
            )
        points = timespan // granularity
    if granularity < 1000 or (points is not None and not 1 <= points <= POINTS_MAX):
        raise _wrong_definition(f"A definition has 1 to {POINTS_MAX} points")
    return [granularity, ENDLESS if points is None else points]


def _given(item: Mapping[str, Any], place: int, name: str) -> int | None:
    if item.get(name) is None:
        return None
    try:
        return duration(item[name])
    except NotPositive:
        raise invalid_input(
            f"Timespan must be positive for dictionary value"
            f" @ data['definition'][{place}]['{name}']",
            *("definition", place, name),
        ) from None
    except ValueError as error:
        raise invalid_input(str(error), "definition", place, name) from None


def _points(item: Mapping[str, Any], place: int) -> int | None:
    if item.get("points") is None:
        return None
    where = ("definition", place, "points")
    try:
        found = int(item["points"])
    except (ValueError, TypeError, OverflowError):
        raise invalid_input("expected int for dictionary value", *where) from None
    if found < 1:
        raise invalid_input("value must be at least 1 for dictionary value", *where)
    return found


def _wrong_definition(reason: str) -> Explained:
    return invalid_input(reason, "definition")


def methods_of(given: Sequence[str] | None) -> list[str]:
    """Aggregation methods: names, ``*``, or names with ``+`` or ``-`` that change what
    is usual.  ``BadRequest``."""
    if given is None:
        return sorted(METHODS)
    changes = [each for each in given if each[:1] in "+-"]
    if changes and len(changes) < len(given):
        raise BadRequest("Aggregation methods are a list, or changes to the usual ones")
    found = set(METHODS) if changes or "*" in given else set(given)
    for each in changes:
        (found.add if each[0] == "+" else found.discard)(each[1:])
    for name in found:
        if not is_method(name):
            raise BadRequest(f"Unknown aggregation method {name[:64]}")
    if not 1 <= len(found) <= METHODS_MAX:
        raise BadRequest(f"An archive policy has 1 to {METHODS_MAX} methods")
    return sorted(found)


def view(policy: ArchivePolicy) -> dict[str, Any]:
    """As clients see it."""
    return {
        "name": policy.name,
        "back_window": policy.back_window,
        "definition": [
            {
                "granularity": clock_text(granularity),
                "points": points or None,
                "timespan": clock_text(granularity * points) if points else None,
            }
            for granularity, points in policy.definition
        ],
        "aggregation_methods": policy.aggregation_methods,
    }


def find(connection: Connection, name: str) -> ArchivePolicy:
    """By its name; 404."""
    found = store.policies.find(connection, name)
    if found is None:
        raise no_policy(name)
    return found


def create(connection: Connection, policy: ArchivePolicy) -> ArchivePolicy:
    """A new one; 409."""
    if store.policies.find(connection, policy.name) is not None:
        raise Conflict(f"Archive policy {policy.name} already exists")
    store.policies.insert(connection, policy)
    return policy


def update(
    connection: Connection, name: str, definition: list[list[int]]
) -> ArchivePolicy:
    """How long each granularity is kept; the granularities stay.  400."""
    former = find(connection, name)
    kept = [each for each, _ in former.definition]
    wanted = [each for each, _ in definition]
    if wanted != kept:
        missing = [each for each in kept if each not in wanted]
        reason = "Cannot add or drop granularities"
        if missing and len(wanted) == len(kept):
            reason = f"{seconds(missing[0])} granularity interval was changed"
        raise BadRequest(f"Archive policy {name} does not support change: {reason}")
    store.policies.change(connection, name, definition=definition)
    return replace(former, definition=definition)


def delete(connection: Connection, name: str) -> None:
    """One that no metric and no rule uses; 404, 400."""
    find(connection, name)
    used = store.metrics.columns.archive_policy_name == name
    ruled = store.rules.columns.archive_policy_name == name
    if store.metrics.count(connection, used):
        raise BadRequest(f"Archive policy {name} is still in use")
    if store.rules.count(connection, ruled):
        raise BadRequest(f"Archive policy {name} is still in use by a rule")
    store.policies.delete(connection, name)


def create_rule(connection: Connection, rule: ArchivePolicyRule) -> ArchivePolicyRule:
    """A new one; 409, 400."""
    if store.rules.find(connection, rule.name) is not None:
        raise Conflict(f"Archive policy rule {rule.name} already exists")
    if store.policies.find(connection, rule.archive_policy_name) is None:
        name = rule.archive_policy_name
        raise Explained("Archive policy does not exist", f"No {name[:64]!r}", name)
    if rule.metric_pattern.count("*") > PATTERN_WILDCARDS_MAX:
        raise BadRequest(f"A pattern has at most {PATTERN_WILDCARDS_MAX} wildcards")
    store.rules.insert(connection, rule)
    return rule


def rename_rule(connection: Connection, name: str, new: str) -> ArchivePolicyRule:
    """Another name for one; 404, 400."""
    found = find_rule(connection, name)
    if new == name:
        return found
    if store.rules.find(connection, new) is not None:
        raise BadRequest(f"Archive policy rule {new} already exists.")
    store.rules.delete(connection, name)
    return create_rule(connection, replace(found, name=new))


def find_rule(connection: Connection, name: str) -> ArchivePolicyRule:
    """By its name; 404."""
    found = store.rules.find(connection, name)
    if found is None:
        raise no_rule(name)
    return found


def all_rules(connection: Connection) -> list[ArchivePolicyRule]:
    """The longest pattern first: the one that says most."""
    found = store.rules.where(connection)
    return sorted(found, key=lambda each: (-len(each.metric_pattern), each.name))


def chosen(rules: Sequence[ArchivePolicyRule], metric_name: str) -> str:
    """The policy of a metric that names none; 400 when no rule is about it."""
    for rule in rules:
        if fnmatchcase(metric_name, rule.metric_pattern):
            return rule.archive_policy_name
    raise BadRequest(
        f"No archive policy name specified and no archive policy rule found matching"
        f" the metric name {metric_name[:64]}"
    )

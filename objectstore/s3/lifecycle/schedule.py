"""When a key has to be looked at: the moments that lifecycle rules lead to.  Pure.

The index holds one moment for a key, the next at which any rule could want
something; looking too early costs a look, so whatever is not known yet (tags,
older versions) is taken for the worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from objectstore.s3.bucket.lifecycle_rules import (
    Action,
    Filter,
    Rule,
    Thing,
    midnight_after,
    wanted,
)
from objectstore.s3.dates import http_date


def after_write(
    rules: tuple[Rule, ...], key: str, now: float, day: float, *, has_versions: bool
) -> float | None:
    """When to look at a key that is written (or deleted) now; None: never."""
    moments: list[float] = []
    for rule in rules:
        if not rule.enabled or not key.startswith(rule.filter.prefix):
            continue
        if rule.expire_days:
            moments.append(midnight_after(now, rule.expire_days, day))
        if rule.expire_date:
            moments.append(max(rule.expire_date, now))
        if not has_versions:
            continue
        if rule.noncurrent_days:
            # A version more may be one too many of those that are kept.
            days = 0 if rule.newer_noncurrent else rule.noncurrent_days
            moments.append(midnight_after(now, days, day))
        if rule.expire_markers:
            moments.append(midnight_after(now, 0, day))
    return min(moments, default=None)


def after_initiation(
    rules: tuple[Rule, ...], key: str, now: float, day: float
) -> float | None:
    """When to look at an upload that begins now; None: never."""
    found = abortion(rules, key, now, day)
    return None if found is None else found[0]


def abortion(
    rules: tuple[Rule, ...], key: str, initiated: float, day: float
) -> tuple[float, str] | None:
    """When an upload is aborted, and the ID of the rule that says so."""
    thing = Thing(key, modified=initiated, is_upload=True)
    found = [
        (midnight_after(initiated, rule.abort_days, day), rule.identifier)
        for rule in rules
        if rule.enabled and rule.abort_days and rule.filter.matches(thing)
    ]
    return min(found, default=None)


def next_look(
    rules: tuple[Rule, ...],
    things: Iterable[Thing],
    now: float,
    day: float,
    *,
    knows_tags: bool = True,
) -> float | None:
    """The earliest moment from ``now`` on that any rule leads to for the things.

    ``knows_tags`` False: the things' tags are unknown, rules match by the rest.
    Moments that have passed count as now.
    """
    moments = [
        max(now, moment)
        for thing in things
        for rule in rules
        if rule.enabled and _may_match(rule.filter, thing, knows_tags=knows_tags)
        for moment in _moments(rule, thing, day)
    ]
    return min(moments, default=None)


def _moments(rule: Rule, thing: Thing, day: float) -> Iterator[float]:
    action, moment = wanted(rule, thing, day)
    if action is not Action.KEEP:
        yield moment


def _may_match(chosen: Filter, thing: Thing, *, knows_tags: bool) -> bool:
    if not knows_tags and chosen.tags:
        chosen = Filter(chosen.prefix, (), chosen.larger_than, chosen.smaller_than)
    return chosen.matches(thing)


def needs_tags(rules: tuple[Rule, ...]) -> bool:
    """Whether any rule asks for tags."""
    return any(rule.enabled and rule.filter.tags for rule in rules)


def expiration(rules: tuple[Rule, ...], thing: Thing, day: float) -> str:
    """The ``x-amz-expiration`` of a current version; "" where no rule ends it."""
    found = [
        (moment, rule.identifier)
        for rule in rules
        if rule.enabled and rule.filter.matches(thing)
        for moment in _moments(rule, thing, day)
    ]
    if not found:
        return ""
    moment, identifier = min(found)
    return f'expiry-date="{http_date(moment)}", rule-id="{quote(identifier, safe="")}"'

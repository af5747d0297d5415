"""Uploads that begin in a bucket with rules are entered in the index."""

from __future__ import annotations

from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.bucket.lifecycle_rules import Rule
from objectstore.s3.lifecycle.due_index import DueIndex
from objectstore.s3.lifecycle.schedule import after_initiation
from objectstore.s3.operation import Operation


def enter_upload(operation: Operation, rules: tuple[Rule, ...]) -> None:
    """Enter an upload that begins now."""
    house, facts = operation.house, operation.facts
    day = house.settings.lifecycle_day
    moment = after_initiation(rules, operation.key, operation.now(), day)
    if moment is not None:
        place = (facts.account, facts.container, operation.key)
        DueIndex(HouseObjects(house.store)).write(operation.environ, moment, day, place)

"""From what verbs did to the queues of those who want to know.

Verbs note events on their operation; when a verb has succeeded, and before its reply
goes out, the events that its bucket's rules want are put into the targets' queues: what
was acknowledged is told.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.bucket_facts import BucketFacts
from objectstore.s3.notify.event import Circumstances, Event, record, test_message
from objectstore.s3.notify.event_queue import EventQueue
from objectstore.s3.notify.rules import NotificationRule, parse_notification
from objectstore.s3.operation import Operation
from objectstore.s3.sysmeta import CONTAINER

NAME = "notification"
_FIRST_PIECE = CONTAINER + NAME
SEQUENCER_DIGITS = 16


def notification_rules(facts: BucketFacts) -> tuple[NotificationRule, ...]:
    """The bucket's rules; none where it never had any."""
    if _FIRST_PIECE not in facts.metadata:
        return ()
    return facts.parsed(NAME, parse_notification) or ()


def announce(operation: Operation, events: Iterable[Event]) -> None:
    """Queue the events for whoever wants them.  Raises ``Unavailable``."""
    rules = notification_rules(operation.facts)
    house = operation.house
    for event in events if rules else ():
        for rule in rules:
            if rule.target in house.targets and rule.wants(event.name, event.key):
                about = circumstances(operation)
                queue = EventQueue(HouseObjects(house.store), rule.target)
                body = record(event, rule.identifier, about)
                queue.add(operation.environ, about.sequencer, body)


def announce_test(operation: Operation, rules: Iterable[NotificationRule]) -> None:
    """Tell each target that the bucket has named it."""
    house = operation.house
    for target in dict.fromkeys(rule.target for rule in rules):
        about = circumstances(operation)
        queue = EventQueue(HouseObjects(house.store), target)
        queue.add(operation.environ, about.sequencer, test_message(about))


def circumstances(operation: Operation) -> Circumstances:
    """Those of the operation, now."""
    house, facts, caller = operation.house, operation.facts, operation.caller
    requester = caller.user or "Anonymous"
    if caller.is_anonymous and operation.context.identity is not None:
        requester = operation.context.identity.user
    return Circumstances(
        operation.now(),
        house.settings.location,
        operation.bucket,
        facts.account,
        f"AWS:{requester}",
        operation.environ.get("REMOTE_ADDR", ""),
        operation.request_id,
        f"{house.sequence.now():0{SEQUENCER_DIGITS}X}",
    )

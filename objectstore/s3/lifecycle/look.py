"""One look at one key: what its bucket's rules want done with it now is done.

Every deletion is conditional on the state that was judged, so an object that is
written in between stays.  What an object lock protects stays until the lock ends.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from objectstore.kernel.errors import Unavailable
from objectstore.s3.bucket.lifecycle_rules import Action, Rule, Thing, due
from objectstore.s3.errors import S3Error
from objectstore.s3.lifecycle.held import Held, current_of, uploads_of, versions_of
from objectstore.s3.lifecycle.schedule import needs_tags, next_look
from objectstore.s3.multipart.abort import abort_upload
from objectstore.s3.notify.announce import announce
from objectstore.s3.object.delete import delete_current, delete_one
from objectstore.s3.operation import Operation

_log = logging.getLogger("objectstore.s3-lifecycle")


@dataclass(frozen=True, slots=True)
class Moment:
    """The rules and the time that a look goes by."""

    rules: tuple[Rule, ...]
    now: float
    day: float


def look_at(operation: Operation, moment: Moment) -> float | None:
    """Do what is due with the operation's key; when to look again, None: never."""
    left = _judge_uploads(operation, moment)
    if operation.facts.versioning:
        left += _judge_versions(operation, moment)
    else:
        left += _judge_only(operation, moment)
    return next_look(moment.rules, left, moment.now, moment.day)


def _judge_uploads(operation: Operation, moment: Moment) -> list[Thing]:
    if not any(rule.abort_days for rule in moment.rules):
        return []
    left = []
    for held in uploads_of(operation):
        if _due(moment, held.thing) is Action.KEEP:
            left.append(held.thing)
            continue
        aborting = _like(operation, {"uploadId": held.identifier})
        try:
            abort_upload(aborting)
        except S3Error as error:
            if error.code != "NoSuchUpload":
                raise
        _tell(operation, "aborted", held)
    return left


def _judge_only(operation: Operation, moment: Moment) -> list[Thing]:
    """A bucket without versions: there is one state of the key, or none."""
    head = operation.ask_object("HEAD").discard()
    if head.is_reduced:
        raise Unavailable("an object cannot be looked up surely")
    held = current_of(operation, head)
    if held is None:
        return []
    if _due(moment, held.thing) is not Action.EXPIRE:
        return [held.thing]
    # By time and not by ETag: the same bytes may have been put anew.
    condition = {"If-Unmodified-Since": head.get("last-modified")}
    if _was_done(operation, condition):
        _tell(operation, "expired", held)
    return []


def _judge_versions(operation: Operation, moment: Moment) -> list[Thing]:
    """The oldest first: when they are gone a marker may be left alone."""
    found = versions_of(operation, with_tags=needs_tags(moment.rules))
    left: list[Held] = []
    for held in reversed(found):
        thing = held.thing
        if thing.is_current:
            thing = replace(thing, is_alone=thing.is_marker and not left)
        action = _due(moment, thing)
        is_gone = False
        if action is Action.EXPIRE:
            is_gone = _expire_current(operation, held)
        elif action is not Action.KEEP:
            is_gone = _remove(operation, held)
        if not is_gone:
            left.append(replace(held, thing=thing))
        elif action is Action.EXPIRE:
            # The version is there still, under a marker from now on.
            thing = replace(thing, is_current=False, noncurrent_since=moment.now)
            left.append(replace(held, thing=thing))
    return [held.thing for held in left]


def _expire_current(operation: Operation, held: Held) -> bool:
    head = operation.ask_object("HEAD", query="multipart-manifest=get").discard()
    shown = head.get("x-object-version-id", "null")
    if head.status == 404 or shown != held.identifier:
        return False
    if not head.is_success:
        raise operation.failed(head)
    # By ETag: moving a version up makes the link to it newer than it is itself.
    # A marker above the same bytes put anew takes nothing away.
    if not _was_done(operation, {"If-Match": head.get("etag").strip('"')}):
        return False
    _tell(operation, "expired", held)
    return True


def _was_done(operation: Operation, condition: dict[str, str]) -> bool:
    try:
        delete_current(operation, condition)
    except S3Error as error:
        if error.code != "PreconditionFailed":
            raise
        return False
    return True


def _remove(operation: Operation, held: Held) -> bool:
    """A version or a marker for good; False where a lock keeps it."""
    try:
        delete_one(_like(operation, {"versionId": held.identifier}))
    except S3Error as error:
        if error.code != "AccessDenied":
            raise
        return False
    _tell(operation, "removed", held)
    return True


def _due(moment: Moment, thing: Thing) -> Action:
    return due(moment.rules, thing, moment.now, moment.day)


def _like(operation: Operation, query: dict[str, str]) -> Operation:
    """The same operation with another query."""
    made = Operation(
        operation.environ, operation.house, operation.bucket, operation.key
    )
    made.bucket_facts = operation.bucket_facts
    made._query = query
    # What is noted on either is told of once.
    made.events = operation.events
    return made


def _tell(operation: Operation, what: str, held: Held) -> None:
    events = [
        replace(event, name=event.name.replace("ObjectRemoved", "LifecycleExpiration"))
        for event in operation.events
    ]
    operation.events.clear()
    announce(operation, events)
    facts = operation.facts
    version = f" version {held.identifier}" if held.identifier else ""
    _log.info(
        "%s/%s/%s%s %s", facts.account, facts.container, held.thing.key, version, what
    )

"""Sees every write of an object, whichever face it came through.

Stands in ``s3_guard``, below all filters that send requests of their own.  When a
write has succeeded, and before its reply goes out, the key is entered in the
lifecycle index of its bucket, if that has rules, and what came through Swift is told
to whom the bucket notifies: nothing that was acknowledged is missed, and what was
refused leaves nothing.  A POST through Swift keeps an object's S3 tags and ACL; a
PUT through it is encrypted where the bucket wants that.
"""

from __future__ import annotations

from typing import Any

from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    StartResponse,
    path_parts,
)
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.bucket_facts import BucketFacts
from objectstore.s3.inner import Answer, send
from objectstore.s3.lifecycle.due_index import DueIndex
from objectstore.s3.lifecycle.rules_of import known_rules
from objectstore.s3.lifecycle.schedule import after_write
from objectstore.s3.names import is_hidden
from objectstore.s3.notify.announce import announce, notification_rules
from objectstore.s3.notify.event import Event
from objectstore.s3.object.amend import ATTEMPTS_MAX, time_of
from objectstore.s3.object.encryption import STORED, default_headers
from objectstore.s3.object.reply_headers import s3_etag
from objectstore.s3.operation import House, Operation
from objectstore.s3.sysmeta import TRANSIENT

_KEYS = {name: "HTTP_" + name.upper().replace("-", "_") for name in STORED}
WRITES = frozenset({"PUT", "POST", "DELETE"})


class WriteWatch:
    """What happens after writes of objects."""

    __slots__ = ("_house", "_index")

    def __init__(self, house: House) -> None:
        self._house = house
        self._index = DueIndex(HouseObjects(house.store))

    def pass_on(
        self, app: Application, environ: Environ, start_response: StartResponse
    ) -> Any:
        """The application's answer, after what it brings about."""
        place = _object_of(environ)
        facts = None if place is None else self._facts(environ, place)
        if place is None or facts is None:
            return app(environ, start_response)
        if environ["REQUEST_METHOD"] == "POST" and not environ[CONTEXT_KEY].is_s3:
            answer = self._post(app, environ, facts, place[2])
            if answer.is_success and known_rules(facts):
                self._enter(environ, facts, place)
            start_response(answer.line, answer.pairs)
            return answer.body
        if environ["REQUEST_METHOD"] == "PUT" and not environ[CONTEXT_KEY].is_s3:
            self._encrypt(environ, facts)
        is_told = not environ[CONTEXT_KEY].is_s3 and notification_rules(facts)
        if not is_told and not known_rules(facts):
            return app(environ, start_response)
        answer = send(app, environ)
        if answer.is_success:
            self._enter(environ, facts, place)
            if is_told:
                self._tell(environ, facts, place[2], answer)
        start_response(answer.line, answer.pairs)
        return answer.body

    def _encrypt(self, environ: Environ, facts: BucketFacts) -> None:
        """A bucket's default encryption holds for Swift's writes too: instead of what a
        copy brings along of its source's, as a whole."""
        default = default_headers(self._house, facts)
        if default or not self._house.encrypts:
            for key in _KEYS.values():
                environ.pop(key, None)
        for name, value in default.items():
            environ[_KEYS[name]] = value

    def _post(
        self, app: Application, environ: Environ, facts: BucketFacts, key: str
    ) -> Answer:
        """A POST through Swift replaces metadata, of which S3's tags and ACL are no
        part: they are sent along, on the condition that they are so still."""
        context: Context = environ[CONTEXT_KEY]
        for _ in range(ATTEMPTS_MAX):
            trying = dict(environ)
            context.if_timestamp = self._keep(trying, facts, key)
            answer = send(app, trying)
            if answer.status != 412 or not context.if_timestamp:
                break
            answer.close()
        context.if_timestamp = ""
        return answer

    def _keep(self, environ: Environ, facts: BucketFacts, key: str) -> str:
        """Send along what S3 keeps; the time of what was read, "" without any."""
        time = ""
        operation = Operation(environ, self._house, facts.container, key)
        operation.bucket_facts = facts
        head = operation.ask_object("HEAD", internal=True).discard()
        for name, value in head.headers.items() if head.is_success else ():
            if name.startswith(TRANSIENT):
                operation.set_header(name, value)
                time = time_of(head)
        return time

    def _facts(
        self, environ: Environ, place: tuple[str, str, str]
    ) -> BucketFacts | None:
        context: Context | None = environ.get(CONTEXT_KEY)
        if context is None or context.allow_reserved_names:
            return None
        return self._house.buckets.find(context, place[0], place[1])

    def _enter(
        self, environ: Environ, facts: BucketFacts, place: tuple[str, str, str]
    ) -> None:
        rules = known_rules(facts)
        if not rules:
            return
        has_versions = bool(facts.versioning)
        if environ["REQUEST_METHOD"] == "DELETE" and not has_versions:
            return
        day, now = self._house.settings.lifecycle_day, self._house.clock.time()
        moment = after_write(rules, place[2], now, day, has_versions=has_versions)
        if moment is not None:
            self._index.write(environ, moment, day, place)

    def _tell(
        self, environ: Environ, facts: BucketFacts, key: str, answer: Answer
    ) -> None:
        """The event of a write through Swift.  (S3's verbs tell of theirs.)"""
        operation = Operation(environ, self._house, facts.container, key)
        operation.bucket_facts = facts
        version = answer.get("x-object-version-id")
        if environ["REQUEST_METHOD"] == "DELETE":
            how = "DeleteMarkerCreated" if version else "Delete"
            event = Event(f"ObjectRemoved:{how}", key, version_id=version)
        elif environ["REQUEST_METHOD"] == "PUT":
            # Of large objects and links only the store knows the size.
            head = operation.ask_object("HEAD", internal=True).discard()
            size = int(head.get("content-length", "-1")) if head.is_success else -1
            event = Event("ObjectCreated:Put", key, size, s3_etag(head), version)
        else:
            return
        announce(operation, [event])


def _object_of(environ: Environ) -> tuple[str, str, str] | None:
    """(account, container, key) of a client's object; None for anything else."""
    _, account, container, key = path_parts(environ)
    if not key or account[:1] == "." or is_hidden(container):
        return None
    return account, container, key

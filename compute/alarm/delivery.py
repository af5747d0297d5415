"""Delivers what is owed (``outbox``): a loop, safe to repeat and to kill.

A signal to a stack of this cloud is given to the orchestration room as any client
would give it; everything else that is a URL goes out by ``webhooks``.  What cannot be
delivered is tried again with growing pauses, and then given up: the alarm's history
says so, and names the server, never the path, which may be a secret.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson

from compute.alarm.actions import LOG, Action, parse
from compute.alarm.model import ACTION_FAILURE
from compute.alarm.outbox import ACT, END_LOST_TRUST, END_TRUST, SECRETS
from compute.alarm.parts import NOBODY, QUEUE, Parts
from compute.core.jobs.pool import JobPool
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Corrupt, Rejected, Unavailable
from objectstore.kernel.loop import Progress

FIRST_PAUSE_SECONDS = 2.0
PAUSE_SECONDS_MAX = 300.0
_CLIENT_ERRORS, _SERVER_ERRORS = 400, 500
_NO_TOKEN = 401
# Of a webhook's server: try again, whatever else it thinks of the request.
_LATER = frozenset({408, 409, 425, 429})

_log = logging.getLogger("compute.alarm")


class Refused(Exception):
    """It will never be delivered; says why."""


class Delivery:
    """A loop's step: claims what is owed, renews the leases of what is under way."""

    name = "alarm-delivery"

    def __init__(self, parts: Parts, orchestration: Caller) -> None:
        self._parts = parts
        self._orchestration = orchestration
        self._pool = JobPool(
            parts.database,
            parts.clock,
            parts.stores.jobs,
            self.attempt,
            queue=QUEUE,
            owner=parts.owner,
            at_once=parts.settings.actions_at_once,
        )

    def step(self) -> Progress:
        """See the class."""
        return self._pool.step()

    def attempt(self, job: Job) -> None:
        """Do it once; it is done, owed again, or given up."""
        parts, jobs = self._parts, self._parts.stores.jobs
        try:
            self._do(job)
        except (Refused, Unavailable) as error:
            self._failed(job, error)
            return
        except Corrupt as error:
            self._failed(job, Refused(str(error)))
            return
        except Exception:  # noqa: BLE001  (told; tried as often as any other)
            _log.exception("job %s", job.id)
            self._failed(job, Unavailable("it could not be done"))
            return

        def write(connection: Connection) -> None:
            jobs.finish(connection, job.id, parts.owner, parts.now())
            jobs.redact(connection, job, SECRETS)

        parts.run(write)

    # ---- one of them ---------------------------------------------------------------

    def _do(self, job: Job) -> None:
        given = self._opened(job)
        authority = self._parts.authority
        if job.kind == END_TRUST:
            authority.drop(given["trust_id"])
            return
        if job.kind == END_LOST_TRUST:
            for trust_id in authority.ending_at(given["ends_at"]):
                authority.drop(trust_id)
            return
        action = parse(given["action"])
        if action.scheme == LOG:
            _log.info("alarm: %s", orjson.dumps(given["news"]).decode())
            return
        status = self._post(action, given)
        if status == _NO_TOKEN and given["trust_id"]:
            # What we have kept may be over: its user has another password, say.
            authority.forget(given["trust_id"])
            raise Unavailable(f"it answers {status}")
        if status in _LATER or status >= _SERVER_ERRORS:
            raise Unavailable(f"it answers {status}")
        if status >= _CLIENT_ERRORS:
            raise Refused(f"it answers {status}")

    def _place(self, job: Job) -> str:
        try:
            return parse(self._opened(job)["action"]).place
        except Corrupt:
            return "an action that cannot be read"

    def _opened(self, job: Job) -> dict[str, Any]:
        """What there is to know."""
        vault = self._parts.stores.vault
        return {name: vault.open(value) for name, value in job.arguments.items()}

    def _post(self, action: Action, given: Mapping[str, Any]) -> int:
        headers = {"Content-Type": "application/json"}
        if given["trust_id"]:
            try:
                token = self._parts.authority.token(given["trust_id"]).token
            except Rejected as error:
                raise Refused(error.text) from None
            headers["X-Auth-Token"] = token
        body = orjson.dumps(given["news"])
        path = self._parts.signal(action)
        if path is None:
            try:
                return self._parts.webhooks.post(action.url, headers, body)
            except Rejected as error:
                raise Refused(error.text) from None
        seconds = self._parts.settings.action_seconds
        with self._orchestration.request(
            "POST", path, headers, body, timeout=seconds
        ) as answer:
            answer.read()
        return answer.status

    def _failed(self, job: Job, error: Exception) -> None:
        parts, jobs, now = self._parts, self._parts.stores.jobs, self._parts.now()
        is_act = job.kind == ACT
        place = self._place(job) if is_act else job.kind
        is_last = isinstance(error, Refused) or (
            is_act and job.attempts >= parts.settings.action_tries
        )
        subject = job.subject_id.partition("/")[0]
        _log.warning(
            "alarm %s: %s: %s%s", subject, place, error, "; given up" * is_last
        )
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (job.attempts - 1), PAUSE_SECONDS_MAX)

        def write(connection: Connection) -> None:
            if not is_last:
                jobs.retry(
                    connection, job.id, parts.owner, now, now + pause, str(error)
                )
                return
            jobs.finish(connection, job.id, parts.owner, now, str(error) or "refused")
            jobs.redact(connection, job, SECRETS)
            alarm = parts.stores.alarms.find(connection, subject)
            if alarm is not None:
                detail = {"action": place, "reason": str(error)}
                parts.tell(connection, NOBODY, alarm, ACTION_FAILURE, detail)

        parts.run(write)

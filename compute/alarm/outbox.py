"""What is owed: actions to be delivered and trusts to be ended, as jobs.

They are written in the transaction of the change that they follow from, so there is
never one without the other: an action is delivered at least once, and twice when a
process dies between the answer and its record.  The actions of an alarm at one place
go in the order in which they were owed.  Where one leads, by which trust: is sealed.
"""

from __future__ import annotations

import hashlib
from typing import Any

from compute.alarm.model import Alarm
from compute.alarm.parts import QUEUE, Parts
from compute.alarm.rules import Outcome
from compute.core.sql.database import Connection

ACT, END_TRUST, END_LOST_TRUST = "act", "end trust", "end lost trust"
# What nobody needs any more once it is done.
SECRETS = ("action", "trust_id", "news")
_DIGEST_DIGITS = 16


def owe_actions(
    connection: Connection, parts: Parts, alarm: Alarm, outcome: Outcome
) -> None:
    """All that is to be done when the alarm, as it was, comes to that.  What is only
    repeated is not owed twice: a place that is slow is not told of the past."""
    is_news = outcome.state != alarm.state
    news = {
        "alarm_id": alarm.id,
        "alarm_name": alarm.name,
        "severity": alarm.severity,
        "previous": alarm.state,
        "current": outcome.state,
        "reason": outcome.reason,
        "reason_data": dict(outcome.reason_data),
    }
    for action in alarm.actions_of(outcome.state):
        digest = hashlib.sha256(action.encode()).hexdigest()[:_DIGEST_DIGITS]
        subject_id = f"{alarm.id}/{digest}"
        if not is_news and parts.stores.jobs.open_of(connection, subject_id):
            continue
        _add(
            connection,
            parts,
            ACT,
            subject_id,
            {
                "project_id": alarm.project_id,
                "alarm_id": alarm.id,
                "action": parts.stores.vault.seal(action),
                "trust_id": parts.stores.vault.seal(alarm.trusts.get(action, "")),
                "news": news,
            },
        )


def owe_trust(
    connection: Connection, parts: Parts, project_id: str, trust_id: str
) -> None:
    """A trust that nothing is done by any more."""
    sealed = parts.stores.vault.seal(trust_id)
    arguments = {"project_id": project_id, "trust_id": sealed}
    subject_id = hashlib.sha256(trust_id.encode()).hexdigest()[:_DIGEST_DIGITS]
    _add(connection, parts, END_TRUST, subject_id, arguments)


def owe_lost_trust(
    connection: Connection, parts: Parts, job_id: str, ends_at: float, not_before: float
) -> None:
    """One that may be made and then forgotten: known by the moment of its end."""
    parts.stores.jobs.add(
        connection,
        job_id=job_id,
        kind=END_LOST_TRUST,
        queue=QUEUE,
        subject_id=job_id,
        arguments={"project_id": "", "ends_at": ends_at},
        now=parts.now(),
        not_before=not_before,
    )


def _add(
    connection: Connection,
    parts: Parts,
    kind: str,
    subject_id: str,
    arguments: dict[str, Any],
) -> None:
    parts.stores.jobs.add(
        connection,
        job_id=parts.identifiers.uuid(),
        kind=kind,
        queue=QUEUE,
        subject_id=subject_id,
        arguments=arguments,
        now=parts.now(),
    )

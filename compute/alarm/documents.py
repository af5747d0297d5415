"""Alarms and their changes as the API shows them.  Pure."""

from __future__ import annotations

from typing import Any

from compute.alarm.model import ACTIONS, Alarm, Change
from compute.core.instants import iso_micro

Document = dict[str, Any]


def alarm_document(alarm: Alarm) -> Document:
    """One alarm."""
    return {
        "alarm_id": alarm.id,
        "project_id": alarm.project_id,
        "user_id": alarm.user_id,
        "name": alarm.name,
        "description": alarm.description,
        "type": alarm.type,
        f"{alarm.type}_rule": dict(alarm.rule),
        "enabled": alarm.enabled,
        "severity": alarm.severity,
        "repeat_actions": alarm.repeat_actions,
        "time_constraints": [dict(each) for each in alarm.time_constraints],
        **{name: list(getattr(alarm, name)) for name in ACTIONS.values()},
        "timestamp": iso_micro(alarm.updated_at),
        "state": alarm.state,
        "state_timestamp": iso_micro(alarm.state_at),
        "state_reason": alarm.state_reason,
        "evaluate_timestamp": iso_micro(alarm.evaluated_at),
    }


def definition_document(alarm: Alarm) -> Document:
    """What somebody ordered of it: without what came by itself."""
    own = ("timestamp", "state_timestamp", "state_reason", "evaluate_timestamp")
    found = alarm_document(alarm)
    return {name: value for name, value in found.items() if name not in own}


def changed_document(before: Alarm, after: Alarm) -> Document:
    """What an order changed."""
    old, new = definition_document(before), definition_document(after)
    return {name: value for name, value in new.items() if old.get(name) != value}


def change_document(change: Change) -> Document:
    """One change."""
    return {
        "event_id": change.id,
        "alarm_id": change.alarm_id,
        "type": change.type,
        "detail": change.detail,
        "user_id": change.user_id,
        "project_id": change.project_id,
        "on_behalf_of": change.on_behalf_of,
        "severity": change.severity,
        "timestamp": iso_micro(change.at),
    }

"""What happens to servers and volumes, and which alarms that concerns.  Pure.

An event is made from how its room shows a thing that has changed: the type that
telemetry of the field has for it, and traits.  What a thing was in between two looks is
not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from compute.alarm.model import ALARM, EVENT
from compute.alarm.rules import COMPARISONS, Outcome
from compute.core.api.query import TRUE_WORDS
from compute.core.instants import iso_micro, parse_iso

UPDATED = "compute.instance.update"
CREATED = "compute.instance.create.end"
DELETED = "compute.instance.delete.end"
VOLUME_UPDATED, VOLUME_CREATED = "volume.update", "volume.create.end"
TRAITS = "traits."
_GONE = "deleted"

_CONVERT: Mapping[str, Callable[[str], Any]] = {
    "": str,
    "string": str,
    "integer": int,
    "float": float,
    "boolean": lambda text: text.lower() in TRUE_WORDS,
    "datetime": parse_iso,
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.  ``at``: a whole second."""

    type: str
    at: float
    project_id: str
    traits: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """As webhooks are told of it."""
        return {
            "event_type": self.type,
            "generated": iso_micro(self.at),
            "traits": [[name, 1, value] for name, value in sorted(self.traits.items())],
        }


def server_events(server: Mapping[str, Any], since: float) -> list[Event]:
    """Of a server, as administrators see it, that has changed since then."""
    state = str(server["OS-EXT-STS:vm_state"])
    traits = {
        "instance_id": server["id"],
        "resource_id": server["id"],
        "display_name": server.get("name") or "",
        "state": state,
        "project_id": server["tenant_id"],
        "tenant_id": server["tenant_id"],
        "user_id": server["user_id"],
    }
    types = [UPDATED]
    launched = server.get("OS-SRV-USG:launched_at")
    if launched and parse_iso(launched) >= since:
        types.append(CREATED)
    if state == _GONE:
        types.append(DELETED)
    at = parse_iso(server["updated"])
    return [Event(each, at, server["tenant_id"], traits) for each in types]


def volume_events(volume: Mapping[str, Any], since: float) -> list[Event]:
    """Of a volume, as administrators see it, that has changed since then."""
    project_id = volume["os-vol-tenant-attr:tenant_id"]
    traits = {
        "volume_id": volume["id"],
        "resource_id": volume["id"],
        "display_name": volume.get("name") or "",
        "status": volume["status"],
        "project_id": project_id,
        "tenant_id": project_id,
        "user_id": volume["user_id"],
    }
    types = [VOLUME_UPDATED]
    if parse_iso(volume["created_at"]) >= since:
        types.append(VOLUME_CREATED)
    at = float(int(parse_iso(volume["updated_at"] or volume["created_at"])))
    return [Event(each, at, project_id, traits) for each in types]


def concerns(event: Event, project_id: str, rule: Mapping[str, Any]) -> bool:
    """Whether an alarm of that project waits for it."""
    return (
        event.project_id == project_id
        and fnmatchcase(event.type, rule["event_type"])
        and all(_holds(event, each) for each in rule["query"])
    )


def outcome_of_event(event: Event) -> Outcome:
    """What an alarm that waits for it comes to."""
    reason = f"Event {event.type} of {event.traits['resource_id']} is what it waits for"
    return Outcome(ALARM, reason, {"type": EVENT, "event": event.document()})


def _holds(event: Event, condition: Mapping[str, str]) -> bool:
    field = condition["field"]
    if field.startswith(TRAITS):
        found = event.traits.get(field.removeprefix(TRAITS))
    else:
        found = {"event_type": event.type, "generated": iso_micro(event.at)}.get(field)
    if found is None:
        return False
    convert = _CONVERT[condition["type"]]
    try:
        return COMPARISONS[condition["op"]](convert(found), convert(condition["value"]))
    except (ValueError, OverflowError):
        return False

"""Alarms: the list, one with its history, and what is done to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Block,
    Cell,
    Empty,
    Facts,
    Link,
    Many,
    Page,
    Row,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.words import PAGE_ROWS, new_action, plain, yes

ROOM = "alarming"
MAKE = new_action("Make an alarm", "/alarms/new")
CHANGES_SHOWN = 50
_TONES = {"ok": "good", "alarm": "bad", "insufficient data": "idle"}
_COMPARISONS = {
    "gt": "above", "ge": "at least", "lt": "below", "le": "at most", "eq": "exactly",
    "ne": "other than",
}  # fmt: skip
_ACTIONS = {
    "alarm_actions": "When it goes off",
    "ok_actions": "When all is well again",
    "insufficient_data_actions": "When too little is known",
}


def state_of(alarm: Mapping[str, Any]) -> Badge:
    """How it stands."""
    if not alarm["enabled"]:
        return Badge("switched off", "idle")
    state = alarm["state"]
    return Badge(state, _TONES.get(state, "warn"))


def rule_of(alarm: Mapping[str, Any]) -> Mapping[str, Any]:
    """What it looks at."""
    found: Mapping[str, Any] = alarm.get(f"{alarm['type']}_rule") or {}
    return found


def rule_text(alarm: Mapping[str, Any]) -> str:
    """Its rule in words, where it is a plain one.  Pure."""
    rule = rule_of(alarm)
    metrics = rule.get("metric") or rule.get("metrics")
    if not metrics or "threshold" not in rule:
        return formats.words_of(str(alarm["type"]))
    named = metrics if isinstance(metrics, str) else ", ".join(map(str, metrics))
    how = _COMPARISONS.get(rule.get("comparison_operator", ""), "")
    method = rule.get("aggregation_method", "mean")
    if (named, method) == ("cpu", "rate:mean") and rule.get("granularity"):
        # Nanoseconds of all processors together.
        share = rule["threshold"] / rule["granularity"] / 1e7
        return f"processors {how} {share:g} % of one"
    text = f"{named} ({method}) {how}"
    return f"{text} {formats.number(rule['threshold'])}"


def show_all(visit: Visit) -> Page:
    """The list, a page at a time."""
    marker = visit.query("marker") or None
    found = visit.rooms.get(ROOM, "alarms", limit=PAGE_ROWS, marker=marker)
    rows = [
        Row(
            [
                Link(each["name"], f"/alarms/{each['alarm_id']}"),
                state_of(each),
                Text(rule_text(each)),
                Text(each["severity"]),
                When(each["state_timestamp"]),
            ],
            _actions(each),
        )
        for each in found
    ]
    more = at("alarms", marker=found[-1]["alarm_id"]) if len(rows) == PAGE_ROWS else ""
    empty = Empty(
        "No alarms yet. One looks at a figure of a server, and asks an address of yours"
        " when it goes beyond what you say.",
        MAKE,
    )
    columns = ["Name", "State", "Goes off", "Severity", "Since"]
    table = Table("alarms", columns, rows, empty, is_filterable=True, more=more)
    return Page("Alarms", "alarms", [table], [MAKE])


def _actions(alarm: Mapping[str, Any]) -> list[Action]:
    path = f"/alarms/{alarm['alarm_id']}"
    way = "off" if alarm["enabled"] else "on"
    return [
        Action(f"Switch {way}", f"{path}/{way}"),
        Action(
            "Delete", f"{path}/delete", f"Delete the alarm {alarm['name']}?",
            look="danger",
        ),
    ]  # fmt: skip


def show_one(visit: Visit) -> Page:
    """One, and what it has been."""
    rooms, alarm_id = visit.rooms, visit["id"]
    found = rooms.together(
        alarm=lambda: rooms.get(ROOM, "alarms", alarm_id),
        history=lambda: rooms.get(
            ROOM, "alarms", alarm_id, "history", limit=CHANGES_SHOWN
        ),
    )
    alarm = found["alarm"]
    rule = rule_of(alarm)
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(alarm["alarm_id"], "copy")),
        ("Description", plain(alarm.get("description"))),
        ("Goes off", Text(rule_text(alarm))),
        ("Because", plain(alarm.get("state_reason"))),
        ("Since", When(alarm["state_timestamp"])),
        ("Severity", Text(alarm["severity"])),
        ("Asks again and again", yes(alarm["repeat_actions"])),
    ]
    if rule.get("resource_type") == "instance" and rule.get("resource_id"):
        server = f"/servers/{rule['resource_id']}"
        facts.insert(3, ("Of", Link("server", server)))
    facts += [
        (label, Many([Text(str(each), "mono") for each in alarm.get(name) or ()]))
        for name, label in _ACTIONS.items()
    ]
    raw = orjson.dumps(rule, option=orjson.OPT_INDENT_2).decode()
    visit.problems += found.problems
    return Page(
        alarm["name"],
        "alarms",
        [
            Facts("facts", facts, "About"),
            _history(found.get("history", ())),
            Block("rule", raw, "Rule"),
        ],
        _actions(alarm),
        badges=[state_of(alarm)],
        trail=[Link("Alarms", "/alarms")],
    )


def _history(changes: Any) -> Table:
    rows = [
        Row(
            [
                Text(str(each["type"])),
                When(each["timestamp"]),
                Text(_detail(each["detail"]), "faint"),
            ]
        )
        for each in changes
    ]
    columns = ["What", "When", "Details"]
    return Table("history", columns, rows, Empty("Nothing yet."), "History")


def _detail(detail: Any) -> str:
    text = detail if isinstance(detail, str) else orjson.dumps(detail).decode()
    return formats.shortened(text, 200)


def _switch(is_on: bool) -> Any:
    def act(visit: Visit, values: Values) -> Redirect:
        alarm = visit.rooms.get(ROOM, "alarms", visit["id"])
        alarm["enabled"] = is_on
        visit.rooms.put(ROOM, "alarms", visit["id"], body=alarm)
        text = f"The alarm is switched {'on' if is_on else 'off'}."
        return visit.done(f"/alarms/{visit['id']}", text)

    return act


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete(ROOM, "alarms", visit["id"])
    return Redirect("/alarms", Notice("The alarm is deleted."))


ROUTES = [
    page("alarms", show_all),
    page("alarms/{id}", show_one),
    deed("alarms/{id}/on", _switch(True)),
    deed("alarms/{id}/off", _switch(False)),
    deed("alarms/{id}/delete", delete, "Delete this alarm?"),
]

"""Making an alarm that looks at one figure of one server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.alarms.alarms import ROOM
from compute.dashboard.pages.words import options

ADDRESS_CHARACTERS_MAX = 2000
# What agents tell of guests comes once a minute.
GRANULARITY_SECONDS = 60
PERIODS_MAX = 60
THRESHOLD_MAX = 10**12
NANOSECONDS = 10**9


@dataclass(frozen=True, slots=True)
class Figure:
    """What can be looked at; ``factor``: from what is asked to what is measured, for a
    server of one processor."""

    label: str
    metric: str
    method: str
    factor: int = 1
    is_shared: bool = False  # by all processors


FIGURES: Mapping[str, Figure] = {
    "cpu": Figure(
        "Processors (% of all of them)",
        "cpu",
        "rate:mean",
        NANOSECONDS * GRANULARITY_SECONDS // 100,
        True,
    ),
    "memory": Figure("Memory (MiB)", "memory.usage", "mean"),
}
_SEVERITIES = ("low", "moderate", "critical")


def new_form(visit: Visit) -> Form:
    """Of which server, what, and whom to ask."""
    servers = visit.rooms.get("compute", "servers", limit=1000)["servers"]
    chosen = [visit.query("server")]
    fields = [*_watched(chosen, servers), *_limits(), *_consequences()]
    return Form("Make an alarm", fields, "Make it", "/alarms", "alarms")


def _watched(chosen: list[str], servers: list[dict[str, Any]]) -> list[Field]:
    return [
        Field("name", "Name", is_required=True),
        Field(
            "server",
            "Of the server",
            "select",
            chosen,
            options(servers, blank="Choose a server"),
            is_required=True,
        ),
        Field(
            "figure",
            "Looks at",
            "select",
            options=[Option(key, each.label) for key, each in FIGURES.items()],
            is_required=True,
        ),
    ]


def _limits() -> list[Field]:
    return [
        Field(
            "comparison",
            "Goes off when it is",
            "select",
            ["gt"],
            [Option("gt", "above"), Option("lt", "below")],
            is_required=True,
        ),
        Field(
            "threshold",
            "This",
            "number",
            ["80"],
            is_required=True,
            least=0,
            most=THRESHOLD_MAX,
        ),
        Field(
            "periods",
            "For so many minutes",
            "number",
            ["3"],
            is_required=True,
            least=1,
            most=PERIODS_MAX,
        ),
    ]


def _consequences() -> list[Field]:
    return [
        Field(
            "severity",
            "Severity",
            "select",
            ["low"],
            [Option(each, each) for each in _SEVERITIES],
            is_required=True,
        ),
        Field(
            "address",
            "Asks the address",
            longest=ADDRESS_CHARACTERS_MAX,
            placeholder="https://example.org/hook",
            help="By POST, when it goes off and when all is well again. Left empty,"
            " it is only shown here.",
        ),
    ]


def make(visit: Visit, values: Values) -> Redirect:
    """Watch."""
    server = visit.rooms.get("compute", "servers", values["server"])["server"]
    processors = int(server["flavor"].get("vcpus") or 1)
    made = visit.rooms.post(ROOM, "alarms", body=order_of(values, processors))
    text = Notice("The alarm is there; it looks once a minute.")
    return Redirect(f"/alarms/{made['alarm_id']}", text)


def order_of(values: Values, processors: int) -> dict[str, Any]:
    """What is sent.  ``BadForm``.  Pure."""
    figure = FIGURES[values["figure"]]
    threshold = (values.number("threshold") or 0) * figure.factor
    if figure.is_shared:
        threshold *= processors
    address = values["address"]
    if address and not address.startswith(("http://", "https://")):
        raise BadForm({"address": "It begins with https:// or http://."})
    asked = [address] if address else []
    return {
        "name": values["name"],
        "type": "gnocchi_resources_threshold",
        "severity": values["severity"],
        "alarm_actions": asked,
        "ok_actions": asked,
        "gnocchi_resources_threshold_rule": {
            "metric": figure.metric,
            "resource_type": "instance",
            "resource_id": values["server"],
            "aggregation_method": figure.method,
            "granularity": GRANULARITY_SECONDS,
            "comparison_operator": values["comparison"],
            "threshold": float(threshold),
            "evaluation_periods": values.number("periods") or 1,
        },
    }


ROUTES = [form("alarms/new", new_form, make)]

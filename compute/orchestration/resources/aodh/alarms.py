"""``OS::Aodh::...Alarm``: what watches measures or events for a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.frame.properties import LIST, MAP, Property, Schema
from compute.orchestration.resources.aodh.alarm_thing import COMMON, AlarmThing
from compute.orchestration.resources.frame.schemas import (
    items,
    number,
    text,
    texts,
    whole,
)
from compute.orchestration.template.constraints import Length

_SIGNS = ("le", "ge", "eq", "lt", "gt", "ne")
_METHODS = (
    "mean",
    "sum",
    "last",
    "max",
    "min",
    "std",
    "median",
    "first",
    "count",
)
_RATES = tuple(f"rate:{each}" for each in _METHODS)
_KINDS = ("integer", "float", "string", "boolean", "datetime")
_THRESHOLD: Schema = {
    "comparison_operator": text("How it is compared", live=True, one_of=_SIGNS),
    "evaluation_periods": whole("How many values in a row", live=True, least=1),
    "aggregation_method": text(
        "How a granule's measures become a value", live=True, one_of=_METHODS + _RATES
    ),
    "granularity": whole("Seconds of a granule", live=True, least=1),
    "threshold": number("What it is compared with", required=True, live=True),
}
_METRIC = text("The metric's name", required=True, live=True)
_RESOURCE_TYPE = text("The resources' type", required=True, live=True)


class GnocchiResourcesAlarm(AlarmThing):
    """A metric of one resource."""

    name = "OS::Aodh::GnocchiResourcesAlarm"
    description = "Watches a metric of one resource."
    alarm_type = "gnocchi_resources_threshold"
    properties = {
        "metric": _METRIC,
        "resource_id": text("The resource's id", required=True, live=True),
        "resource_type": _RESOURCE_TYPE,
        **_THRESHOLD,
        **COMMON,
    }


class GnocchiAggregationByMetricsAlarm(AlarmThing):
    """Several metrics together."""

    name = "OS::Aodh::GnocchiAggregationByMetricsAlarm"
    description = "Watches several metrics together."
    alarm_type = "gnocchi_aggregation_by_metrics_threshold"
    properties = {
        "metrics": texts("The metrics' ids", required=True, live=True),
        **_THRESHOLD,
        **COMMON,
    }


class GnocchiAggregationByResourcesAlarm(AlarmThing):
    """A metric of all resources that a search finds."""

    name = "OS::Aodh::GnocchiAggregationByResourcesAlarm"
    description = "Watches a metric of all resources that a search finds."
    alarm_type = "gnocchi_aggregation_by_resources_threshold"
    properties = {
        "metric": _METRIC,
        "query": text("The search, as JSON", required=True, live=True),
        "resource_type": _RESOURCE_TYPE,
        **_THRESHOLD,
        **COMMON,
    }


class CompositeAlarm(AlarmThing):
    """Several rules together."""

    name = "OS::Aodh::CompositeAlarm"
    description = "Watches what several rules say together."
    alarm_type = "composite"
    properties = {
        "composite_rule": Property(
            MAP,
            "How the rules belong together",
            required=True,
            updatable=True,
            schema={
                "operator": text("and, or", required=True, one_of=("or", "and")),
                "rules": Property(
                    LIST,
                    "Rules with their types, and maps of such by and, or",
                    required=True,
                    constraints=(Length(2, None),),
                ),
            },
        ),
        **COMMON,
    }

    def rule(self, properties: Mapping[str, Any]) -> Any:
        """Below its operator."""
        given = properties["composite_rule"]
        return {given["operator"]: given["rules"]}


class EventAlarm(AlarmThing):
    """Something that happens."""

    name = "OS::Aodh::EventAlarm"
    description = "Watches for something to happen."
    alarm_type = "event"
    properties = {
        "event_type": text("What happens, with * for anything", "*", live=True),
        "query": items(
            "What is true of it",
            {
                "field": text("Which of its traits"),
                "op": text("How it is compared", one_of=_SIGNS),
                "type": text("What it is", "string", one_of=_KINDS),
                "value": text("What it is compared with"),
            },
            live=True,
        ),
        **COMMON,
    }


TYPES = (
    GnocchiResourcesAlarm(),
    GnocchiAggregationByMetricsAlarm(),
    GnocchiAggregationByResourcesAlarm(),
    CompositeAlarm(),
    EventAlarm(),
)

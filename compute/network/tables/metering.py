"""Meters of routers."""

from __future__ import annotations

from compute.network.columns import Address, flag, part_of, text
from compute.network.tables.frame import resource

metering_labels = resource("metering_labels", flag("shared"))

metering_rules = resource(
    "metering_rules",
    part_of("label_id", metering_labels),
    text("direction"),
    flag("excluded"),
    text("remote_prefix", Address),
    text("source_prefix", Address),
    text("destination_prefix", Address),
)

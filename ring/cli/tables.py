"""Devices and tiers as tables for the terminal, and the same rows as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from ring.balance import TierReport
from ring.builder import Builder
from ring.cli.result import device_data
from ring.device import Device, bracketed

DEVICE_COLUMNS = (
    "id",
    "region",
    "zone",
    "ip address:port",
    "replication ip:port",
    "name",
    "weight",
    "partitions",
    "balance",
    "flags",
    "meta",
)
LEFT_COLUMNS = (
    "ip address:port",
    "replication ip:port",
    "name",
    "flags",
    "meta",
    "tier",
)


def device_rows(builder: Builder, devices: Sequence[Device]) -> list[dict[str, Any]]:
    """Devices with what they hold and whether they are about to go, as data."""
    held, balances = builder.held(), builder.balance_by_device()
    return [
        {
            **device_data(device),
            "partitions": held.get(device.id, 0),
            "balance": balances[device.id],
            "removing": device.id in builder.removing,
        }
        for device in devices
    ]


def device_table(builder: Builder, devices: Sequence[Device]) -> Table:
    """Devices as a table; the flag DEL marks those the next rebalance removes."""
    rows = []
    for device, row in zip(devices, device_rows(builder, devices), strict=True):
        replication_ip, replication_port = device.replication_address
        rows.append(
            (
                str(device.id),
                str(device.region),
                str(device.zone),
                f"{bracketed(device.ip)}:{device.port}",
                f"{bracketed(replication_ip)}:{replication_port}",
                device.device,
                f"{device.weight:.2f}",
                str(row["partitions"]),
                f"{row['balance']:.2f}",
                "DEL" if row["removing"] else "",
                device.meta,
            )
        )
    return _table(DEVICE_COLUMNS, rows)


def tier_table(reports: Sequence[tuple[str, TierReport]]) -> Table:
    """Tiers as a table, one column for each number of replicas."""
    width = max((len(report.counts) for _, report in reports), default=0)
    columns = ("tier", "parts", "%", "max", *map(str, range(width)))
    rows = [
        (
            name,
            str(report.placed),
            f"{report.dispersion:.2f}",
            str(report.cap),
            *map(str, report.counts),
        )
        for name, report in reports
    ]
    return _table(columns, rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        justify: Any = "left" if column in LEFT_COLUMNS else "right"
        table.add_column(column, justify=justify, no_wrap=True)
    for row in rows:
        # As text objects, or rich would take "[::1]" for its markup.
        table.add_row(*map(Text, row))
    return table

"""How tools show what they found: JSON, or tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import orjson
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

T = TypeVar("T")
BAD = "bold red"
COLUMNS_IN_FILES = 1000

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

console = Console(highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Cells are shown as text; a ``Text`` keeps its style.  Nothing is cut off: what is
    too long for a terminal goes on in the next line."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else str(cell) for cell in row))
    if not console.is_terminal:
        console.width = COLUMNS_IN_FILES
    console.print(table)


def counted(things: Sequence[T], title: str) -> Iterable[T]:
    """The things, with a bar on a terminal; elsewhere it would be an empty line."""
    return track(
        things,
        title,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def bad(value: Any) -> Text:
    """Something that should not be so."""
    return Text(str(value), style=BAD)


def marked(value: Any, *, is_bad: bool) -> Any:
    """The value, highlighted if it is bad."""
    return bad(value) if is_bad else value


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(count) < 1024 or unit == "TiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


def age(seconds: float | None) -> str:
    """A duration for people; None: never."""
    if seconds is None:
        return "never"
    for limit, unit, divisor in ((120, "s", 1), (7200, "min", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86400:.1f} d"


def when(timestamp: int) -> str:
    """A timestamp in the house's units for people."""
    if not timestamp:
        return "-"
    moment = datetime.fromtimestamp(timestamp / 100_000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S") + f".{timestamp % 100_000:05d}"

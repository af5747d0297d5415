"""Which devices a command is about: by search values or by options, then confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from ring.address import normalize_address
from ring.device import Device
from ring.errors import Refused
from ring.search import Criteria, parse_search

Command = TypeVar("Command", bound=Callable[..., Any])

# The letters are the ones operators of Swift have in their fingers and scripts.
DEVICE_OPTIONS = (
    ("-r", "--region", int, "Region"),
    ("-z", "--zone", int, "Zone"),
    ("-i", "--ip", str, "IP address or host name"),
    ("-p", "--port", int, "Port"),
    ("-j", "--replication-ip", str, "Replication IP address or host name"),
    ("-q", "--replication-port", int, "Replication port"),
    ("-d", "--device", str, "Device name, such as sdb1"),
    ("-w", "--weight", float, "Weight"),
    ("-m", "--meta", str, "Any text"),
)
SEARCH_OPTIONS = (("-u", "--id", int, "Device id"), *DEVICE_OPTIONS)
CHANGE_OPTIONS = (
    ("-I", "--change-ip", str, "New IP address or host name"),
    ("-P", "--change-port", int, "New port"),
    ("-J", "--change-replication-ip", str, "New replication IP address or host name"),
    ("-Q", "--change-replication-port", int, "New replication port"),
    ("-D", "--change-device", str, "New device name"),
    ("-M", "--change-meta", str, "New meta"),
)

Options = tuple[tuple[str, str, type, str], ...]


def with_options(options: Options) -> Callable[[Command], Command]:
    """Declare options; the command gets them as keywords, None if not given."""

    def declare(command: Command) -> Command:
        for short, long, kind, text in reversed(options):
            command = click.option(short, long, type=kind, help=text)(command)
        return command

    return declare


yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask, just do it")


@dataclass(frozen=True, slots=True)
class Selected:
    """Devices that one search value found, and the argument that came with it."""

    devices: list[Device]
    argument: str


def criteria_from_options(options: dict[str, Any]) -> Criteria | None:
    """The search that options describe, or None when there are no options."""
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("ip", "replication_ip"):
        if name in given:
            given[name] = normalize_address(given[name])
    return Criteria(**given) if given else None


def criteria(values: Sequence[str], options: dict[str, Any]) -> list[Criteria]:
    """The searches of a command that takes either search values or options."""
    from_options = criteria_from_options(options)
    if from_options is None and not values:
        raise click.UsageError("a search value or a search option is needed")
    if from_options is not None and values:
        raise click.UsageError("search values and search options cannot be mixed")
    return [from_options] if from_options else [parse_search(v) for v in values]


def pairs(
    values: Sequence[str],
    options: dict[str, Any],
    devices: Sequence[Device],
    argument: str,
) -> list[Selected]:
    """The devices of a command that takes `<search value> <argument>` pairs.

    With options instead of search values there is one argument.
    """
    from_options = criteria_from_options(options)
    if from_options is not None:
        if len(values) != 1:
            raise click.UsageError(f"with search options, give just one {argument}")
        return [Selected(from_options.find(devices), values[0])]
    if not values or len(values) % 2:
        raise click.UsageError(f"search values and {argument}s must come in pairs")
    return [
        Selected(parse_search(text).find(devices), value)
        for text, value in zip(values[::2], values[1::2], strict=True)
    ]


def confirm(devices: Sequence[Device], question: str, yes: bool) -> None:
    """Refuse to go on with no device; ask before going on with several."""
    if not devices:
        raise Refused(
            "the search matched 0 devices (d3 is an id, /d3 a name, z3 a zone);"
            " the builder is unchanged"
        )
    if len(devices) > 1 and not yes:
        click.echo("Matched more than one device:", err=True)
        for device in devices:
            click.echo(f"    {device}", err=True)
        if not click.confirm(question, default=False, err=True):
            raise Refused("aborted; the builder is unchanged")

"""From the command line to a verb, and from its result or error to an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from rich.console import Console

from ring.cli import assignment, devices, reports, settings
from ring.cli.files import Files
from ring.cli.result import ERROR, SUCCESS, Result
from ring.errors import RingError

# Tables are as wide as they need to be: a terminal wraps, a pipe must not be cut short.
CONSOLE_COLUMNS = 1000

VERBS = (
    settings.create,
    devices.add,
    devices.remove,
    devices.set_weight,
    devices.set_region,
    devices.set_zone,
    devices.set_info,
    settings.set_replicas,
    settings.set_overload,
    settings.set_min_part_hours,
    settings.pretend_min_part_hours_passed,
    assignment.rebalance,
    assignment.validate,
    assignment.write_ring,
    assignment.write_builder,
    reports.search,
    reports.list_parts,
    reports.dispersion,
    reports.version,
)


@click.group(
    "ring-builder",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 done with a warning or nothing to do, 2 error. "
    "With --json anywhere on the line, every verb prints one JSON object.",
)
@click.argument("builder_file")
@click.pass_context
def group(context: click.Context, builder_file: str) -> Result | None:
    """Build rings: which devices hold which partitions.

    BUILDER_FILE is the builder (object.builder) or its ring (object.ring.gz). Without a
    verb, shows the builder and its devices.
    """
    files = Files.named(builder_file)
    context.obj = files
    if context.invoked_subcommand is None:
        return reports.overview(files)
    return None


for verb in VERBS:
    group.add_command(verb)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Taken out here so that it may stand anywhere, before or after the verb.
    as_json = "--json" in given
    given = [argument for argument in given if argument != "--json"]
    sys.exit(run(given or ["--help"], as_json))


def run(arguments: Sequence[str], as_json: bool) -> int:
    """Run one command, print its answer, return its exit code."""
    try:
        result = group.main(
            list(arguments), prog_name="ring-builder", standalone_mode=False
        )
        if isinstance(result, Result):
            show(result, as_json)
            return result.code
        # Help was asked for and has been printed.
        return SUCCESS
    except click.ClickException as error:
        message = error.format_message()
    except click.Abort:
        message = "aborted; the builder is unchanged"
    except RingError as error:
        message = str(error)
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS
    except OSError as error:
        message = f"{error.filename or 'file'}: {error.strerror or error}"
    click.echo(f"ring-builder: {' '.join(message.split())}", err=True)
    if as_json:
        click.echo(json.dumps({"error": message}))
    return ERROR


def show(result: Result, as_json: bool) -> None:
    """Print a result, warnings apart so that they do not spoil the output."""
    for warning in result.warnings:
        click.echo(f"WARNING: {warning}", err=True)
    if as_json:
        click.echo(json.dumps(result.data, indent=1))
        return
    console = Console(width=CONSOLE_COLUMNS, highlight=False, markup=False)
    for line in result.lines:
        if isinstance(line, str):
            click.echo(line)
        else:
            console.print(line)

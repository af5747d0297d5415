"""Commands that are loaded when they are asked for."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from compute.cli import COMPUTE_COMMANDS, RINGSTACK_COMMANDS
from objectstore.cli import COMMANDS
from objectstore.cli.lazy_group import EXIT_INTERRUPTED, LazyCommand, LazyGroup


@click.command()
def interrupted() -> None:
    """As if Ctrl-C were pressed while it runs."""
    raise KeyboardInterrupt


@pytest.fixture
def group() -> LazyGroup:
    wait = LazyCommand(f"{__name__}:interrupted", "Wait for Ctrl-C.")
    return LazyGroup({"wait": wait}, name="group")


def test_ctrl_c_ends_a_command_without_a_word(group: LazyGroup) -> None:
    got = CliRunner().invoke(group, ["wait"])
    assert (got.exit_code, got.output) == (EXIT_INTERRUPTED, "")


def test_an_unknown_command_is_named(group: LazyGroup) -> None:
    got = CliRunner().invoke(group, ["weight"])
    assert got.exit_code == 2
    assert "No such command 'weight'" in got.output


def test_help_lists_commands_without_loading_them() -> None:
    absent = LazyCommand("no.such.module:main", "Do what nobody wrote.")
    got = CliRunner().invoke(LazyGroup({"absent": absent}, name="group"), ["--help"])
    assert got.exit_code == 0
    assert "absent  Do what nobody wrote." in got.output


@pytest.mark.parametrize("commands", [COMMANDS, COMPUTE_COMMANDS, RINGSTACK_COMMANDS])
def test_every_listed_command_is_there(commands: dict[str, LazyCommand]) -> None:
    group, context = LazyGroup(commands), click.Context(click.Command("x"))
    for name in commands:
        assert isinstance(group.get_command(context, name), click.Command)


def test_commands_come_by_their_names() -> None:
    listed = LazyGroup(COMMANDS).list_commands(click.Context(click.Command("x")))
    assert listed == sorted(COMMANDS)

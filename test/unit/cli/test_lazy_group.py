"""Commands that are loaded when they are asked for."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from objectstore.cli import COMMANDS
from objectstore.cli.lazy_group import EXIT_INTERRUPTED, LazyGroup


@click.command()
def interrupted() -> None:
    """As if Ctrl-C were pressed while it runs."""
    raise KeyboardInterrupt


@pytest.fixture
def group() -> LazyGroup:
    return LazyGroup({"wait": f"{__name__}:interrupted"}, name="group")


def test_ctrl_c_ends_a_command_without_a_word(group: LazyGroup) -> None:
    got = CliRunner().invoke(group, ["wait"])
    assert (got.exit_code, got.output) == (EXIT_INTERRUPTED, "")


def test_an_unknown_command_is_named(group: LazyGroup) -> None:
    got = CliRunner().invoke(group, ["weight"])
    assert got.exit_code == 2
    assert "No such command 'weight'" in got.output


def test_commands_come_by_their_names() -> None:
    listed = LazyGroup(COMMANDS).list_commands(click.Context(click.Command("x")))
    assert listed == sorted(COMMANDS)

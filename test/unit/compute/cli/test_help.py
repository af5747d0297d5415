"""What every command says of itself."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from compute.cli import main as compute
from compute.cli import ringstack
from objectstore.cli import main as objectstore
from objectstore.cli.lazy_group import LazyGroup
from ring.cli.entry import group as ring_builder

# Of a terminal; and what click leaves empty on both sides of a list of commands.
COLUMNS, MARGIN = 80, 8


def commands(
    command: click.Command, path: str, parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command, str]]:
    """All below this one: path, command, its line in its group's help."""
    context = click.Context(command, info_name=path, parent=parent)
    if not isinstance(command, click.Group):
        return
    names = command.list_commands(context)
    columns = COLUMNS - MARGIN - max(map(len, names))
    for name in names:
        found = command.get_command(context, name)
        assert found is not None
        if isinstance(command, LazyGroup):
            shown = command.line(name)
            assert len(shown) <= columns
        else:
            shown = found.get_short_help_str(columns)
        yield f"{path} {name}", found, shown
        yield from commands(found, f"{path} {name}", context)


EVERY = [
    pytest.param(command, shown, id=path)
    for name, program in (
        ("ringstack", ringstack),
        ("compute", compute),
        ("objectstore", objectstore),
        ("ring-builder", ring_builder),
    )
    for path, command, shown in commands(program, name)
]


@pytest.mark.parametrize(("command", "shown"), EVERY)
def test_it_says_what_it_does_and_what_each_option_is(
    command: click.Command, shown: str
) -> None:
    assert command.help
    assert shown and not shown.endswith("..."), shown
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.opts for each in options if not each.help] == []

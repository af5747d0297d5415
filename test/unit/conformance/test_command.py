"""How the command asks for its arguments."""

from __future__ import annotations

from click.testing import CliRunner

from test.conformance.__main__ import main


def test_the_suites_are_named_to_whom_names_none_or_another() -> None:
    for arguments, wrong in ((), "say which SUITE"), (("nope",), "no suite 'nope'"):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 2
        assert f"{wrong}; there are: aodhclient, " in done.output

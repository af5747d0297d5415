"""How the command asks for its arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from test.conformance.__main__ import main


def test_the_suites_are_named_to_whom_names_none_or_another() -> None:
    for arguments, wrong in ((), "say which SUITE"), (("nope",), "no suite 'nope'"):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 2
        assert f"{wrong}; there are: aodhclient, " in done.output


@pytest.mark.parametrize(
    ("suite", "pattern"), [("tempest", "servers("), ("gnocchiclient", "metric and and")]
)
def test_a_wrong_pattern_is_told_before_anything_is_made(
    tmp_path: Path, suite: str, pattern: str
) -> None:
    data = tmp_path / "data"
    done = CliRunner().invoke(main, [suite, pattern, "--data", str(data)])
    assert done.exit_code == 2
    assert f"REGEX {pattern!r} chooses no tests: " in done.output
    assert not data.exists()

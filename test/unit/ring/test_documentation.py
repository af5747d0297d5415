"""The examples in doc/ring.md must work, in the order in which they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from ring.cli.entry import run

PAGE = Path(__file__).resolve().parents[3] / "doc" / "ring.md"


def test_the_examples_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^\$ ring-builder (.*)$", PAGE.read_text(), re.MULTILINE)
    assert len(examples) > 20
    for example in examples:
        command, _, expected = example.partition("# exit ")
        arguments = shlex.split(command)
        as_json = "--json" in arguments
        code = run([a for a in arguments if a != "--json"], as_json)
        assert code == int(expected or 0), (example, capsys.readouterr())

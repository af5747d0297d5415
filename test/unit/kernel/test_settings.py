"""Settings: typed values from text, and all mistakes at once."""

from __future__ import annotations

import configparser
import enum
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.http.limits import EdgeSettings
from objectstore.kernel.log import LogSettings
from objectstore.kernel.option_types import (
    BadValue,
    Seconds,
    Size,
    parse_value,
    show_value,
)
from objectstore.kernel.settings import (
    BadSettings,
    Reader,
    option,
    read_file,
    render_sample,
)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Sample:
    """A room's settings."""

    account: str = option(text="Whose")
    wait: Seconds = option(1.5, "How long", minimum=0.5)
    body: Size = option(64 * 1024, "How much", maximum=1024 * 1024)
    count: int = option(3, "How many", minimum=1, maximum=10)
    names: tuple[str, ...] = option(("a", "b"), "Which")
    color: Color = option(Color.RED, "What it looks like")
    path: Path = option(Path("/srv"), "Where")
    limit: int | None = option(None, "No more than")
    is_on: bool = option(True, "Whether")


def test_defaults_and_texts():
    reader = Reader("a.conf")
    sample = reader.read(
        Sample,
        {
            "account": "x",
            "wait": "200 s",
            "names": "c,, d ",
            "color": "blue",
            "limit": "7",
            "is_on": "off",
            "use": "egg:ringstack",
        },
    )
    reader.finish()
    assert sample == Sample(
        account="x",
        wait=200.0,
        names=("c", "d"),
        color=Color.BLUE,
        limit=7,
        is_on=False,
    )


def test_all_mistakes_are_told_together():
    reader = Reader("a.conf")
    reader.read(
        Sample,
        {"count": "11", "wait": "10 ms", "colour": "red", "is_on": "maybe"},
        "app:proxy",
    )
    reader.note("app:proxy", "", "and they do not fit together")
    with pytest.raises(BadSettings) as caught:
        reader.finish()
    assert str(caught.value).splitlines() == [
        "a.conf: [app:proxy] colour: no such option; did you mean color?",
        "a.conf: [app:proxy] account: must be set",
        "a.conf: [app:proxy] wait: 10 ms is less than the least, 500 ms",
        "a.conf: [app:proxy] count: 11 is more than the most, 10",
        "a.conf: [app:proxy] is_on: 'maybe' is neither true nor false",
        "a.conf: [app:proxy]: and they do not fit together",
    ]


def test_one_section_for_several():
    reader = Reader()
    edge, log = reader.read_several(
        (EdgeSettings, LogSettings), {"idle_timeout": "9", "log_level": "debug"}
    )
    reader.finish()
    assert edge.idle_timeout == 9.0
    assert log.log_level.value == "debug"


GOOD = [
    (Seconds, "1.5", 1.5),
    (Seconds, "200ms", 0.2),
    (Seconds, "5 min", 300.0),
    (Seconds, "2h", 7200.0),
    (Seconds, "7 d", 604800.0),
    (Size, "5 GiB", 5 * 2**30),
    (Size, "5GB", 5 * 10**9),
    (Size, "1.5 KiB", 1536),
    (Size, "0", 0),
    (int, "-3", -3),
    (float, "1e3", 1000.0),
    (bool, "Yes", True),
    (tuple[int, ...], "1, 2", (1, 2)),
    (int | None, "", None),
]
BAD = [
    (Seconds, "soon"),
    (Seconds, "5 weeks"),
    (Seconds, "nan"),
    (Size, "5 gib"),
    (Size, "KiB"),
    (Size, ""),
    (int, "1.5"),
    (int, "1_000"),
    (int, "\u0663"),
    (float, "inf"),
    (bool, ""),
    (Path, ""),
    (Color, "green"),
    (tuple[int, ...], "1, x"),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_values(kind, text, value):
    assert parse_value(kind, text) == value


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_bad_values(kind, text):
    with pytest.raises(BadValue):
        parse_value(kind, text)


@given(st.integers(0, 2**50))
def test_a_shown_size_is_read_back(size):
    assert parse_value(Size, show_value(Size, size)) == size


@pytest.mark.parametrize("kind", [Sample, EdgeSettings, LogSettings])
def test_a_sample_with_its_comments_removed_gives_the_defaults(kind):
    lines = []
    for line in render_sample("app:x", kind).splitlines():
        bare = line.removeprefix("# ")
        is_option = " =" in bare and bare.split(" =")[0].isidentifier()
        lines.append(bare if is_option else line)
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string("\n".join(lines))
    values = dict(parser["app:x"])
    reader = Reader()
    if kind is Sample:
        values["account"] = "x"
        assert reader.read(kind, values) == Sample(account="x")
    else:
        assert reader.read(kind, values) == kind()
    reader.finish()


def test_files(tmp_path):
    path = tmp_path / "a.conf"
    path.write_text("[DEFAULT]\nwait = 2\n[app:x]\nName = %(a)s\n")
    sections = read_file(path)
    assert sections["app:x"] == {"wait": "2", "Name": "%(a)s"}


@pytest.mark.parametrize("text", ["[a", "[a]\nx = 1\nx = 2\n", "[a]\n[a]\n"])
def test_bad_files(tmp_path, text):
    path = tmp_path / "a.conf"
    path.write_text(text)
    with pytest.raises(BadSettings, match=r"a\.conf"):
        read_file(path)
    with pytest.raises(BadSettings, match="No such file"):
        read_file(tmp_path / "missing.conf")

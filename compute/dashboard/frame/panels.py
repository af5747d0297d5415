"""What single pages show besides tables and facts.  Pure, as ``view``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compute.dashboard.frame.view import Badge


@dataclass(frozen=True, slots=True)
class Tile:
    """How many of something there are, and how they fare: a way to them."""

    label: str
    count: str
    href: str
    badges: Sequence[Badge] = ()
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Several of them."""

    id: str
    tiles: Sequence[Tile]
    title: str = ""
    kind: str = "tiles"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A serial console, over a web socket."""

    id: str
    url: str
    title: str
    kind: str = "terminal"


@dataclass(frozen=True, slots=True)
class Frame:
    """A document of another part of the cloud."""

    url: str
    title: str
    kind: str = "frame"


@dataclass(frozen=True, slots=True)
class Drop:
    """Where files are dropped that go up at once, with scripts only, into the folder
    ``prefix``."""

    id: str
    href: str
    text: str
    prefix: str = ""
    kind: str = "drop"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that people have stored, of a kind that runs nothing."""

    id: str
    href: str
    label: str
    title: str = ""
    kind: str = "picture"

"""What a page shows, before it is HTML: plain values that views make and templates
draw.  Pure; whatever comes from an API is escaped where it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.dashboard.frame.formats import BUSY, tone_of

# Some rooms give their lists whole, however long they are; a page has its bounds.
ROWS_MAX = 1000

# ---- cells ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text.  ``look``: "", "mono", "faint" or "copy" (with a button that copies
    it)."""

    text: str
    look: str = ""
    title: str = ""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another page of ours (``href`` begins with a slash), or to a resource
    of the cloud.  ``look``: "", "button", "primary" or "danger"."""

    text: str
    href: str
    look: str = ""
    icon: str = ""
    kind: str = "link"


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in a colour, and in words."""

    text: str
    tone: str
    kind: str = "badge"


@dataclass(frozen=True, slots=True)
class When:
    """A moment as an API tells it, shown as "3 minutes ago"."""

    moment: str
    kind: str = "when"


@dataclass(frozen=True, slots=True)
class Many:
    """Several cells below each other."""

    cells: Sequence[Any]
    empty: str = "none"
    kind: str = "many"


Cell = Text | Link | Badge | When | Many


def status(word: str, task: str = "") -> Badge:
    """A status as its API says it; ``task``: what is under way besides."""
    shown = word or "unknown"
    if task:
        return Badge(f"{shown} \u00b7 {task}", BUSY)
    return Badge(shown, tone_of(shown))


# ---- actions -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do.  With ``question`` it is asked first; ``is_form``: it leads to
    a page with a form instead."""

    label: str
    href: str
    question: str = ""
    is_form: bool = False
    look: str = ""
    icon: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


# ---- sections ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Empty:
    """What to do where there is nothing yet."""

    text: str
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """``is_busy``: it will change by itself, so the page looks again; ``choice``: how
    a form names it when it is checked."""

    cells: Sequence[Cell]
    actions: Sequence[Action] = ()
    is_busy: bool = False
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Asked of the room, by the parameter ``name`` of the address ``path``; ``kept``:
    what is asked besides."""

    path: str
    name: str
    label: str
    value: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choose:
    """Where the ``choice`` of rows that are checked is sent, as ``names``."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, not more than ``ROWS_MAX`` of which are shown; on a phone each is a card.
    ``id`` is unique on its page."""

    id: str
    columns: Sequence[str]
    rows: Sequence[Row]
    empty: Empty
    title: str = ""
    actions: Sequence[Action] = ()
    is_filterable: bool = False
    more: str = ""  # where the next page is
    note: str = ""
    problem: str = ""  # why there are no rows, when nobody could say
    search: Search | None = None  # of more than the rows that are shown
    choose: Choose | None = None  # what is done with those rows that are checked
    kind: str = "table"

    @property
    def shown(self) -> Sequence[Row]:
        """The rows that there is room for."""
        return self.rows[:ROWS_MAX]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values of one thing."""

    id: str
    facts: Sequence[tuple[str, Cell]]
    title: str = ""
    is_busy: bool = False
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of something is used; ``limit`` below 0: any amount."""

    label: str
    used: float
    limit: float
    shown: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Several of them."""

    id: str
    bars: Sequence[Bar]
    title: str = ""
    kind: str = "bars"


@dataclass(frozen=True, slots=True)
class Block:
    """Text with its line breaks: a log, a template, a command.  ``is_tail``: its end is
    what one looks at; ``is_busy``: more will come."""

    id: str
    text: str
    title: str = ""
    note: str = ""
    is_tail: bool = False
    download: str = ""
    is_busy: bool = False
    kind: str = "block"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence or two.  ``tone``: good, warn, bad or idle."""

    text: str
    tone: str = "idle"
    action: Action | None = None
    kind: str = "said"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do after another."""

    title: str
    text: str
    action: Action
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do first, and then."""

    id: str
    steps: Sequence[Step]
    title: str
    kind: str = "steps"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that a template of its own draws."""

    id: str
    template: str
    model: Any
    title: str = ""
    is_wide: bool = False
    kind: str = "drawing"


@dataclass(frozen=True, slots=True)
class Page:
    """One page.  ``menu``: the entry of the menu that it belongs to; ``trail``: the
    pages above it; ``refreshes``: look again until nothing is busy any more."""

    title: str
    menu: str
    sections: Sequence[Any] = ()
    actions: Sequence[Action] = ()
    more_actions: Sequence[Action] = ()
    badges: Sequence[Cell] = ()
    trail: Sequence[Link] = ()
    lead: str = ""
    status: int = 200
    frame_url: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether something on it is under way."""
        return any(_is_busy(section) for section in self.sections)


def _is_busy(section: Any) -> bool:
    if isinstance(section, Table):
        return any(row.is_busy for row in section.rows)
    return bool(getattr(section, "is_busy", False))

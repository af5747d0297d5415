"""What several pages say in the same way.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.dashboard.frame.fields import Field, Option
from compute.dashboard.frame.view import Action, Link, Text

ID_CHARACTERS = 8
NONE = Text("\u2013", "faint")
PAGE_ROWS = 100

Document = Mapping[str, Any]


def name_of(thing: Document) -> str:
    """Its name; the begin of its id where it has none."""
    return str(thing.get("name") or "").strip() or str(thing["id"])[:ID_CHARACTERS]


def link_to(thing: Document, path: str) -> Link:
    """To its page."""
    return Link(name_of(thing), path)


def options(
    things: Iterable[Document], note: str = "", blank: str | None = None
) -> list[Option]:
    """Choices by name; ``note``: the key of what stands beside it; ``blank``: the label
    of no choice at all."""
    found = [
        Option(str(each["id"]), name_of(each), str(each.get(note) or ""))
        for each in things
    ]
    found.sort(key=lambda each: each.label.lower())
    return found if blank is None else [Option("", blank), *found]


def plain(value: Any) -> Text:
    """A value, or a dash."""
    return Text(str(value)) if value not in (None, "") else NONE


def yes(value: Any) -> Text:
    """Yes or no."""
    return Text("yes" if value else "no")


def switch(name: str, label: str, *, is_on: bool = False, help: str = "") -> Field:
    """A question to be answered by yes or no."""
    return Field(name, label, "checkbox", ["yes"] if is_on else [], help=help)


def switch_of(thing: Document) -> Field:
    """Whether it is switched on, to be changed."""
    return switch("up", "Switched on", is_on=thing["admin_state_up"])


def new_action(label: str, path: str) -> Action:
    """The way to the form by which one more of what a page lists is made."""
    return Action(label, path, is_form=True, look="primary", icon="plus")


def lines(text: str) -> list[str]:
    """What stands on the lines of a text, blank ones left out."""
    return [each.strip() for each in text.splitlines() if each.strip()]


def pairs(text: str) -> dict[str, str]:
    """``name=value``, one a line."""
    return {
        name.strip(): value.strip()
        for name, _, value in (line.partition("=") for line in lines(text))
    }

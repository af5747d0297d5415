"""How a filter's Paste section becomes its settings.

Every filter module has a frozen dataclass of options and a ``filter_factory``
that PasteDeploy calls with the section's texts.  All mistakes of a section are
told together, with the file and the section's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from objectstore.kernel.request import Application
from objectstore.kernel.settings import Reader

S = TypeVar("S")

FilterMaker = Callable[[Application], Application]
"""What a ``paste.filter_factory`` returns."""


def read_options(
    kind: type[S],
    name: str,
    global_conf: Mapping[str, str],
    local_conf: Mapping[str, str],
    ignore: Iterable[str] = (),
) -> S:
    """The section's options as an instance of ``kind``; raises ``BadSettings``."""
    reader = Reader(global_conf.get("__file__", ""))
    settings = reader.read(kind, local_conf, f"filter:{name}", ignore=ignore)
    reader.finish()
    return settings


def words(text: str) -> tuple[str, ...]:
    """The words of an option that Swift's files separate by spaces (or commas)."""
    return tuple(text.replace(",", " ").split())

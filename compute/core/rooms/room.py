"""What a room is made from, and what it gives to the process that runs it.

Each room has ``compute/<room>/room.py`` with one function,

    build_room(parts: RoomParts, settings: <Room>Settings) -> Room

and is otherwise known only through its ``client.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from compute.core.bus import Bus
from compute.core.context import TokenChecker, TokenSource
from compute.core.identifiers import Identifiers
from compute.core.sql.database import Database
from objectstore.client.caller import Caller
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Loop
from objectstore.kernel.request import Application


@dataclass(frozen=True, slots=True)
class RoomParts:
    """The world outside, as one room sees it.

    ``callers``: the other services by name (``identity``, ``image``, ``network``,
    ``volume``, ``compute``, ``object-store`` ...).  ``tokens`` checks callers' tokens,
    ``service`` gives our own.  ``state_directory`` is private to the room; ``host`` is
    this host's name in the cloud, ``address`` where this process listens ("": nowhere),
    ``region`` what the catalogue calls the whole of it.  ``url`` is where other hosts
    reach this very process, and ``peer`` calls another one at such a URL.
    """

    database: Database
    bus: Bus
    clock: Clock
    random: Random
    tokens: TokenChecker
    service: TokenSource
    callers: Mapping[str, Caller]
    state_directory: Path
    policy_overrides: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    address: str = ""
    region: str = ""
    url: str = ""
    peer: Callable[[str], Caller] | None = None

    @property
    def identifiers(self) -> Identifiers:
        """Makes ids."""
        return Identifiers(self.random)


@dataclass(frozen=True, slots=True)
class Room:
    """A room ready to run: its application, and the loops to start beside it.

    ``ends``: what to do after the last loop has stopped.
    """

    name: str
    application: Application
    loops: Sequence[Loop] = ()
    ends: Callable[[], None] | None = None

"""What a supervisor knows of one worker's place."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from objectstore.kernel.process import Listeners


@dataclass(slots=True)
class Place:
    """One worker's place: who fills it now, or when it is to be filled."""

    index: int
    process: int = 0  # 0: nobody
    channel: socket.socket | None = None
    listeners: Listeners = field(default_factory=dict)
    started: float = 0.0  # 0: nobody was here yet
    is_ready: bool = False
    start_at: float = 0.0
    failures: int = 0
    stop_by: float = 0.0  # told to stop; killed after this; 0: not told

    def descriptors(self) -> list[int]:
        """Of what the supervisor holds for it."""
        held = [each.sock for each in self.listeners.values()]
        held += [self.channel] if self.channel else []
        return [sock.fileno() for sock in held]

    @property
    def takes_clients(self) -> bool:
        """Whether its worker listens, as far as we know."""
        return self.is_ready and not self.stop_by

    def close_channel(self) -> None:
        """Its worker has ended, or is about to."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None

    def keep(self, listeners: Listeners) -> None:
        """Keep these in the place of those before, of which all others are closed."""
        for place, listener in self.listeners.items():
            if listeners.get(place) is not listener:
                listener.sock.close()
        self.listeners = listeners

    def outlive_worker(self, *, is_awaited: bool) -> None:
        """It has died: keep what clients come to, if they are to wait for the next."""
        kept = self.listeners.items() if is_awaited else ()
        self.keep({place: each for place, each in kept if each.is_for_clients})

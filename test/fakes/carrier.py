"""A target of notifications in memory: takes messages, or is away."""

from __future__ import annotations

import json
from typing import Any

from objectstore.kernel.errors import Unavailable


class FakeCarrier:
    """``notify.courier.Carrier``: keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        # How many messages it takes before it is away; None: all.
        self.takes: int | None = None
        self.tries = 0

    def carry(self, body: bytes) -> None:
        self.tries += 1
        if self.takes is not None:
            if self.takes == 0:
                raise Unavailable("the fake is away")
            self.takes -= 1
        self.messages.append(json.loads(body))

    def events(self) -> list[tuple[str, str]]:
        """(event name, key) of what came, without test events."""
        return [
            (record["eventName"], record["s3"]["object"]["key"])
            for message in self.messages
            for record in message.get("Records", [])
        ]

"""What all connections of one server share, and how it calls clients' failings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from objectstore.kernel.access_line import AccessEntry
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.http.limits import EdgeSettings
from objectstore.kernel.http.patient_socket import Faults
from objectstore.kernel.http.reply_head import DateLine
from objectstore.kernel.request import Application, Context
from objectstore.kernel.young_objects import YoungObjects


class ClientGone(Rejected):
    """The client closed the connection; nobody is there to be answered."""

    def __init__(self) -> None:
        super().__init__(499, "The client closed the connection")


class ClientStalled(Rejected):
    """The client neither sent nor took anything for too long."""

    def __init__(self) -> None:
        super().__init__(408, "The request took too long")


def _malformed(text: str) -> Rejected:
    return Rejected(400, text)


CLIENT_FAULTS = Faults(ClientGone, ClientStalled, _malformed)


class AccessSink(Protocol):
    """Takes note of each finished request; must not wait."""

    def record(self, entry: AccessEntry) -> None:
        """Take note of one request."""


@dataclass(slots=True)
class Edge:
    """What all connections of one server share."""

    application: Application
    settings: EdgeSettings
    clock: Clock
    make_context: Callable[[], Context]
    access: AccessSink | None
    logger: logging.Logger
    dates: DateLine = field(default_factory=DateLine)
    young: YoungObjects = field(default_factory=YoungObjects)
    # Set while the server shuts down: every reply ends its connection.
    draining: bool = False

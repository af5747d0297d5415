"""Wake-up calls between the parts of the cloud.

A message says "look again", never "do this": what is to be done stands in the
database.  So a lost, doubled or late message costs time, not truth, and every
listener also looks by itself now and then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

Message = Mapping[str, Any]
Listener = Callable[[Message], None]
Unsubscribe = Callable[[], None]

_log = logging.getLogger("compute.bus")


class Bus(Protocol):
    """Topics are texts such as ``host.alpha`` or ``network``."""

    def publish(self, topic: str, message: Message | None = None) -> None:
        """Tell every listener of the topic.  Never waits, never raises: a message
        that cannot be sent is lost."""

    def subscribe(self, topic: str, listener: Listener) -> Unsubscribe:
        """Call ``listener`` on the hub's thread for each message; it must be short and
        must not wait.  Returns what ends that."""

    def close(self) -> None:
        """No more messages."""


class InProcessBus:
    """For a cloud that is one process."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def publish(self, topic: str, message: Message | None = None) -> None:
        """See ``Bus.publish``."""
        for listener in tuple(self._listeners.get(topic, ())):
            try:
                listener(message or {})
            except Exception:  # noqa: BLE001  (told; the others still hear)
                _log.exception("a listener of %s failed", topic)

    def subscribe(self, topic: str, listener: Listener) -> Unsubscribe:
        """See ``Bus.subscribe``."""
        listeners = self._listeners.setdefault(topic, [])
        listeners.append(listener)

        def unsubscribe() -> None:
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(topic, None)

        return unsubscribe

    def close(self) -> None:
        """See ``Bus.close``."""
        self._listeners.clear()

"""Lets running guests have their volumes as fast as their types say now.

A volume's limits change with the QoS specs of its type, with its type, and with its
size.  Each attachment keeps the limits that its host was told last, so what is to be
told is seen by comparing, whoever changed something and whenever; nothing is lost when
a process dies in between.  The host asks for the limits itself, and so is told.

A server that cannot be told now (it moves, or does not run) is asked again, less and
less often; at its next start it has the limits anyhow.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compute.core.errors import NotFound
from compute.volume.parts import Parts
from compute.volume.qos import Told, to_tell
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.loop import Progress

# Servers told in one step; the others in the next, at once.
TELL_MAX = 100
# A server's host has a job then, which may have to wait for others.
TOLD_PAUSE_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 5.0
PAUSE_SECONDS_MAX = 300.0

_log = logging.getLogger("compute.volume")


@dataclass(slots=True)
class _Try:
    """The last one for one server's volume."""

    limits: Mapping[str, int]
    pause_seconds: float
    again_at: float


class Speeds:
    """A loop's step."""

    name = "volume-speeds"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tries: dict[tuple[str, str], _Try] = {}

    def step(self) -> Progress:
        """See the module's docstring."""
        now = self._parts.clock.time()
        wanted = to_tell(self._all_told())
        self._tries = {key: self._tries[key] for key in self._tries if key in wanted}
        due = [key for key in wanted if self._is_due(key, wanted[key], now)]
        for server_id, volume_id in due[:TELL_MAX]:
            key = (server_id, volume_id)
            self._tries[key] = self._tell(key, wanted[key], now)
        return Progress.BUSY if len(due) > TELL_MAX else Progress.IDLE

    def _all_told(self) -> Iterator[Told]:
        """A part at a time: others wait for none longer than for one transaction."""
        told, after = self._parts.stores.speeds.told, ""
        while True:
            part = self._parts.database.read(
                functools.partial(told, host=self._parts.host, after=after)
            )
            yield from part.found
            after = part.after
            if not after:
                return
            concurrency.sleep(0)

    def _is_due(
        self, key: tuple[str, str], limits: Mapping[str, int], now: float
    ) -> bool:
        last = self._tries.get(key)
        return last is None or last.limits != limits or last.again_at <= now

    def _tell(
        self, key: tuple[str, str], limits: Mapping[str, int], now: float
    ) -> _Try:
        server_id, volume_id = key
        last = self._tries.get(key)
        pause = FIRST_PAUSE_SECONDS
        if last is not None and last.limits == limits:
            pause = min(2 * last.pause_seconds, PAUSE_SECONDS_MAX)
        try:
            self._parts.servers.volume_limits_changed(server_id, volume_id)
            pause = max(pause, TOLD_PAUSE_SECONDS)
        except NotFound:
            pause = PAUSE_SECONDS_MAX  # somebody else's server, or none any more
        except (Rejected, Unavailable) as error:
            _log.info(
                "server %s is not told now how fast volume %s may be: %s",
                server_id,
                volume_id,
                error,
            )
        return _Try(limits, pause, now + pause)

"""Hosts' reports: that they live, what they have, and what their guests do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.instance.parts import Parts
from compute.instance.rules import observed
from compute.instance.states import PowerState

HOSTS_MAX = 5000  # in one report

_POWER = {
    "running": PowerState.RUNNING,
    "paused": PowerState.PAUSED,
    "shutdown": PowerState.SHUTDOWN,
    "suspended": PowerState.SUSPENDED,
    "crashed": PowerState.CRASHED,
    "absent": PowerState.NOSTATE,
}


class HostReports:
    """Takes them in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores
        # What each host last said of its size: most reports say nothing new.
        self._known: dict[str, Mapping[str, Any]] = {}

    def report(self, reports: Sequence[Mapping[str, Any]]) -> None:
        """These hosts live, have this, and their guests do that."""
        if len(reports) > HOSTS_MAX:
            raise BadRequest(f"At most {HOSTS_MAX} hosts in one report")
        now = self._parts.clock.time()
        unchanged = [
            each["host"]
            for each in reports
            if self._known.get(each["host"]) == each["inventory"]
        ]
        changed = [each for each in reports if each["host"] not in set(unchanged)]

        def write(connection: Connection) -> None:
            for each in changed:
                self._stores.hosts.report(
                    connection,
                    self._parts.identifiers,
                    each["host"],
                    each["inventory"],
                    each.get("address", ""),
                    now,
                )
            if unchanged:
                self._stores.hosts.seen(connection, unchanged, now)
            self._note_power(connection, reports, now)

        self._parts.database.run(write)
        for each in changed:
            self._known[each["host"]] = each["inventory"]
        if changed:
            self._parts.placer.forget()

    def forget(self, host: str) -> None:
        """Its row is gone: write it anew when it reports."""
        self._known.pop(host, None)

    def _note_power(
        self,
        connection: Connection,
        reports: Sequence[Mapping[str, Any]],
        now: float,
    ) -> None:
        power = {
            server_id: (each["host"], _POWER.get(state, PowerState.NOSTATE))
            for each in reports
            for server_id, state in each.get("states", {}).items()
        }
        for row in self._stores.servers.power_states(connection, list(power)):
            host, seen = power[row.id]
            if row.host != host or row.power_state == int(seen):
                continue
            found = observed(row.vm_state, row.task_state, seen)
            server = self._stores.servers.get(connection, row.id)
            if found is not None and server is not None:
                self._stores.servers.update(
                    connection,
                    server,
                    now,
                    vm_state=found[0].value,
                    power_state=int(found[1]),
                )

"""What agents ask and tell: hosts' reports, jobs, what was seen of servers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compute.core.database import Connection
from compute.core.errors import BadRequest, NotFound
from compute.core.jobs import Job
from compute.instance.block_devices import changed, without
from compute.instance.model import PowerState
from compute.instance.moves import CLEANING
from compute.instance.records import Migration, Server
from compute.instance.rules import observed
from compute.instance.wiring import QUESTION_SUBJECT, Wiring

JOBS_MAX = 1000  # in one claim
HOSTS_MAX = 5000  # in one report
# What an agent may say of a server.
OBSERVED = frozenset({"vifs", "progress", "root_device"})
# What an agent may say of a volume of a server.
DEVICE_VALUES = frozenset(
    {
        "attachment_id",
        "delete_on_termination",
        "is_made",
        "size",
        "source",
        "source_id",
        "state",
        "volume_id",
    }
)

_POWER = {
    "running": PowerState.RUNNING,
    "paused": PowerState.PAUSED,
    "shutdown": PowerState.SHUTDOWN,
    "suspended": PowerState.SUSPENDED,
    "crashed": PowerState.CRASHED,
    "absent": PowerState.NOSTATE,
}


class AgentDesk:
    """Answers agents."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._stores = wiring.stores
        # What each host last said of its size: most reports say nothing new.
        self._known: dict[str, Mapping[str, Any]] = {}

    # ---- hosts -----------------------------------------------------------------

    def report(self, reports: Sequence[Mapping[str, Any]]) -> None:
        """These hosts live, have this, and their guests do that."""
        if len(reports) > HOSTS_MAX:
            raise BadRequest(f"At most {HOSTS_MAX} hosts in one report")
        now = self._wiring.clock.time()
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
                    self._wiring.identifiers,
                    each["host"],
                    each["inventory"],
                    each.get("address", ""),
                    now,
                )
            if unchanged:
                self._stores.hosts.seen(connection, unchanged, now)
            self._note_power(connection, reports, now)

        self._wiring.database.run(write)
        for each in changed:
            self._known[each["host"]] = each["inventory"]
        if changed:
            self._wiring.placer.forget()

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

    def servers_of(self, host: str) -> list[dict[str, Any]]:
        """The live servers of a host, in brief."""
        return self._wiring.database.read(
            lambda connection: self._stores.servers.briefs(connection, host)
        )

    # ---- jobs ------------------------------------------------------------------

    def claim(
        self, hosts: Collection[str], owner: str, limit: int, busy: Collection[str]
    ) -> list[dict[str, Any]]:
        """Jobs for these hosts with their servers (None: for the host alone)."""
        now = self._wiring.clock.time()

        def write(connection: Connection) -> tuple[list[Job], dict[str, Server]]:
            jobs = self._stores.jobs.claim_many(
                connection,
                hosts,
                owner,
                now,
                limit=min(limit, JOBS_MAX),
                busy_subjects=busy,
            )
            servers = self._stores.servers.several(
                connection, {_server_of(job) for job in jobs} - {""}
            )
            for job in jobs:
                server = servers.get(_server_of(job))
                if not _may_run(job, server):
                    self._stores.jobs.finish(
                        connection, job.id, owner, now, "the server is deleted"
                    )
            return jobs, servers

        jobs, servers = self._wiring.database.run(write)
        found = []
        for job in jobs:
            server = servers.get(_server_of(job))
            if _may_run(job, server):
                whose = None if server is None else server.to_json()
                found.append({**job_json(job), "server": whose})
        return found

    def renew(self, job_id: str, owner: str) -> bool:
        """Whether it is to be cancelled; ``Stale``."""
        now = self._wiring.clock.time()
        return self._wiring.database.run(
            lambda connection: self._stores.jobs.renew(connection, job_id, owner, now)
        )

    def advance(
        self,
        job_id: str,
        owner: str,
        step: str,
        undoing: bool,
        progress: Mapping[str, Any],
    ) -> bool:
        """Whether it is to be cancelled; ``Stale``."""
        now = self._wiring.clock.time()
        return self._wiring.database.run(
            lambda connection: self._stores.jobs.advance(
                connection,
                job_id,
                owner,
                now,
                step=step,
                progress=progress,
                undoing=undoing,
            )
        )

    def retry(self, job_id: str, owner: str, seconds: float, error: str) -> None:
        """Give it back; ``Stale``."""
        now = self._wiring.clock.time()
        self._wiring.database.run(
            lambda connection: self._stores.jobs.retry(
                connection, job_id, owner, now, now + max(0.0, seconds), error
            )
        )

    # ---- servers ---------------------------------------------------------------

    def server(self, server_id: str) -> Server:
        """One server, whether or not it is deleted."""
        found = self._wiring.database.read(
            lambda connection: self._stores.servers.get(
                connection, server_id, deleted=None
            )
        )
        if found is None:
            raise NotFound(f"Instance {server_id} could not be found.")
        return found

    def update(self, server_id: str, values: Mapping[str, Any]) -> Server:
        """What an agent has made or seen; the server then."""
        unknown = sorted(set(values) - OBSERVED)
        if unknown:
            raise BadRequest(f"Agents do not tell of {', '.join(unknown)}")
        now = self._wiring.clock.time()

        def write(connection: Connection) -> Server:
            server = self._stores.servers.get(connection, server_id, deleted=None)
            if server is None:
                raise NotFound(f"Instance {server_id} could not be found.")
            return self._stores.servers.update(connection, server, now, **values)

        return self._wiring.database.run(write)

    def set_device(
        self, server_id: str, device_id: str, values: Mapping[str, Any] | None
    ) -> None:
        """What an agent did with a volume: these values of its device changed, or
        (None) the server has it no more."""
        unknown = sorted(set(values or ()) - DEVICE_VALUES)
        if unknown:
            raise BadRequest(f"Agents do not tell of {', '.join(unknown)}")
        now = self._wiring.clock.time()

        def write(connection: Connection) -> None:
            server = self._stores.servers.get(connection, server_id, deleted=None)
            if server is None:
                return
            entries = server.block_devices
            after = (
                without(entries, device_id)
                if values is None
                else changed(entries, device_id, **values)
            )
            if after != entries:
                self._stores.servers.update(
                    connection, server, now, block_devices=after
                )

        self._wiring.database.run(write)

    def fates(self, server_ids: Collection[str], host: str) -> dict[str, str]:
        """``deleted``; ``moved`` when it lives on another host and nothing of it shall
        be on ``host``; ``live`` otherwise."""

        def read(connection: Connection) -> dict[str, str]:
            servers = self._stores.servers.several(connection, server_ids)
            moves = self._stores.migrations.open_among(connection, server_ids)
            awaited = {each.server_id for each in moves if host in _ends_of(each)}
            return {
                key: _fate(server, host, is_awaited=key in awaited)
                for key, server in servers.items()
            }

        return self._wiring.database.read(read)

    def known_on(self, host: str) -> list[str]:
        """The ids of all servers that have, or may have, something on the host."""

        def read(connection: Connection) -> list[str]:
            here = self._stores.servers.briefs(connection, host)
            moves = self._stores.migrations.open_on(connection, host)
            return sorted(
                {row["id"] for row in here} | {each.server_id for each in moves}
            )

        return self._wiring.database.read(read)

    def servers(self) -> list[dict[str, Any]]:
        """Every live server, in brief."""
        return self._wiring.database.read(self._stores.servers.briefs)


def _ends_of(migration: Migration) -> tuple[str, str]:
    return migration.source, migration.dest


def _fate(server: Server, host: str, *, is_awaited: bool) -> str:
    if server.deleted:
        return "deleted"
    is_elsewhere = bool(host and server.host) and server.host != host
    return "moved" if is_elsewhere and not is_awaited else "live"


def _may_run(job: Job, server: Server | None) -> bool:
    """Of a deleted server only what clears up after it."""
    if server is None:
        return not _server_of(job)
    return not server.deleted or job.kind == "delete" or job.kind in CLEANING


def _server_of(job: Job) -> str:
    """ "": the job is for the host alone."""
    if job.subject_id.startswith(QUESTION_SUBJECT):
        return str(job.arguments.get("server_id", ""))
    return job.subject_id


def job_json(job: Job) -> dict[str, Any]:
    """What the worker of a job must know."""
    return {
        "id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "subject_id": job.subject_id,
        "step": job.step,
        "undoing": job.undoing,
        "cancelled": job.cancelled,
        "attempts": job.attempts,
        "arguments": dict(job.arguments),
        "progress": dict(job.progress),
    }

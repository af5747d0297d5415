"""Beginning to move servers: where to, both places claimed, the migration written.

Everything that an administrator asks for comes through here: migrate, live-migrate,
evacuate; and a resize for which the server's own host has no room.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.instance.block_devices import needs_copying, unswapped
from compute.instance.model import ACTIONS
from compute.instance.moves import Kind, Status, stays
from compute.instance.parts import Parts
from compute.instance.records import Host, Migration, Server
from compute.instance.rules import action_event
from compute.instance.scheduling.snapshot import is_up
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.admission import admission
from compute.instance.service.departures import (
    Departure,
    Departures,
    NewMigration,
    NoRoom,
    Wish,
)
from compute.instance.service.left_behind import end_moves
from compute.instance.states import VmState

MIGRATE = "os_compute_api:os-migrate-server:migrate"
MIGRATE_LIVE = "os_compute_api:os-migrate-server:migrate_live"
EVACUATE = "os_compute_api:os-evacuate"
NO_VALUES: Mapping[str, Any] = {}


class Moving:
    """Begins moves."""

    def __init__(self, parts: Parts, actions: ServerActions) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._actions = actions
        self._departures = Departures(parts, actions)

    # ---- what is asked for -----------------------------------------------------

    def migrate(self, context: RequestContext, server_id: str, host: str) -> None:
        """To another host, the disk with it; then it waits to be confirmed."""
        server = self._visible(context, server_id, MIGRATE)
        self._actions.check(context, server, "migrate")
        if host:
            self._check_destination(server, host)
        wanted = Departure("migrate", MIGRATE, dict(server.flavor), Wish(host))
        self._begin_cold(context, server, wanted, Kind.COLD)

    def resize_elsewhere(
        self,
        context: RequestContext,
        server: Server,
        flavor: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> None:
        """The same with another flavor, and ``values`` of the server besides."""
        wanted = Departure("resize", "os_compute_api:servers:act", flavor)
        self._begin_cold(context, server, wanted, Kind.RESIZE, values)

    def migrate_live(
        self,
        context: RequestContext,
        server_id: str,
        wish: Wish,
        *,
        block_migration: bool,
        later: bool,
    ) -> None:
        """To another host while it runs.  ``later``: that it cannot be is told by the
        migration's status, not here."""
        server = self._visible(context, server_id, MIGRATE_LIVE)
        self._actions.check(context, server, "live_migrate")
        if wish.host:
            self._check_destination(server, wish.host)
        source = self._host(server.host)
        if source is None or not self._is_up(source):
            raise BadRequest(f"Compute service of {server.host} is unavailable.")

        def decide(connection: Connection, server: Server, dest: str) -> Change:
            new = NewMigration(Kind.LIVE, Status.PREPARING, dest, server.flavor_id)
            migration = self._departures.open(connection, context, server, new)
            arguments = {
                "migration": migration.uuid,
                **admission(self._parts, connection, migration.uuid, migration.source),
            }
            return Change({"progress": 0}, arguments, queue=dest)

        try:
            if not block_migration and needs_copying(
                server.block_devices, server.flavor
            ):
                raise NoRoom(
                    f"{server.host} is not on shared storage: Live migration can not"
                    " be used without shared storage."
                )
            wanted = Departure("live_migrate", MIGRATE_LIVE, dict(server.flavor), wish)
            self._departures.begin(context, server, wanted, decide)
        except NoRoom as error:
            if not later:
                raise
            self._note_refusal(context, server, str(error))

    def evacuate(
        self,
        context: RequestContext,
        server_id: str,
        wish: Wish,
        password: str,
        *,
        stays_stopped: bool,
    ) -> None:
        """Build it anew on another host, for its own is down.  ``BadRequest`` while
        that is up."""
        server = self._visible(context, server_id, EVACUATE)
        self._actions.check(context, server, "evacuate")
        if wish.host:
            if self._host(wish.host) is None:
                raise NotFound(f"Compute host {wish.host} not found.")
            if wish.host == server.host:
                raise BadRequest("The target host can't be the same one.")
            self._check_up(wish.host)
        source = self._host(server.host)
        if source is not None and self._is_up(source):
            raise BadRequest(f"Compute service of {server.host} is still in use.")

        def decide(connection: Connection, server: Server, dest: str) -> Change:
            kind, flavor_id = Kind.EVACUATION, server.flavor_id
            new = NewMigration(kind, Status.ACCEPTED, dest, flavor_id)
            migration = self._departures.open(connection, context, server, new)
            # What the silent host was doing with it has ended with the host.
            for job in self._stores.jobs.open_of(connection, server.id):
                if job.queue == server.host and job.kind != "remove_moved":
                    self._stores.jobs.abandon(
                        connection, job.id, self._parts.clock.time(), "evacuated"
                    )
            stopped = stays_stopped or server.vm_state == VmState.STOPPED.value
            arguments = {
                "migration": migration.uuid,
                "was_stopped": stopped,
                "admin_password": password,
            }
            values = {"progress": 0, "block_devices": unswapped(server.block_devices)}
            return Change(values, arguments, queue=dest)

        wanted = Departure("evacuate", EVACUATE, dict(server.flavor), wish)
        self._departures.begin(context, server, wanted, decide)

    def note_stay(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        flavor: Mapping[str, Any],
    ) -> Migration:
        """The migration of a resize on the server's own host."""
        end_moves(self._parts, connection, server)
        new = NewMigration(Kind.RESIZE, Status.MIGRATING, server.host, flavor["id"])
        return self._departures.record(connection, context, server, new)

    def revert(self, context: RequestContext, server_id: str) -> None:
        """Back to the flavor, and to the host, that it had."""

        def decide(connection: Connection, server: Server) -> Change:
            uuid = str((server.resize or {}).get("migration", ""))
            migration = self._stores.migrations.get(connection, uuid)
            if migration is None or stays(migration):
                return Change()
            self._stores.migrations.set(
                connection,
                uuid,
                self._parts.clock.time(),
                status=Status.REVERTING.value,
            )
            return Change(arguments={"migration": uuid}, job="revert_out")

        self._actions.begin(context, server_id, "revert_resize", decide)

    # ---- parts -----------------------------------------------------------------

    def _begin_cold(
        self,
        context: RequestContext,
        server: Server,
        wanted: Departure,
        kind: Kind,
        values: Mapping[str, Any] = NO_VALUES,
    ) -> None:
        def decide(connection: Connection, server: Server, dest: str) -> Change:
            flavor_id = wanted.flavor["id"]
            new = NewMigration(kind, Status.PRE_MIGRATING, dest, flavor_id)
            migration = self._departures.open(connection, context, server, new)
            resize = {
                "old_flavor": dict(server.flavor),
                "new_flavor": dict(wanted.flavor),
                "old_vm_state": server.vm_state,
                "migration": migration.uuid,
            }
            return Change(
                {**values, "resize": resize},
                {"migration": migration.uuid},
                job="migrate_out",
            )

        self._departures.begin(context, server, wanted, decide)

    def _note_refusal(self, context: RequestContext, server: Server, text: str) -> None:
        """A live migration for which there is no host: it is there, and failed."""

        def write(connection: Connection) -> None:
            now = self._parts.clock.time()
            label = ACTIONS["live_migrate"].label
            number = self._stores.actions.begin(
                connection, context, server.id, label, now
            )
            event = action_event("conductor_live_migrate_instance", now, now)
            event |= {"result": "Error", "traceback": text, "details": text}
            self._stores.actions.add_event(connection, number, event, now, "Error")
            new = NewMigration(Kind.LIVE, Status.ERROR, "", server.flavor_id)
            self._departures.record(connection, context, server, new)

        self._parts.database.run(write)

    # ---- looking ---------------------------------------------------------------

    def _visible(self, context: RequestContext, server_id: str, rule: str) -> Server:
        return self._parts.database.read(
            lambda connection: self._parts.visible(connection, context, server_id, rule)
        )

    def _host(self, name: str) -> Host | None:
        return self._parts.database.read(
            lambda connection: self._stores.hosts.get(connection, name)
        )

    def _is_up(self, host: Host) -> bool:
        now = self._parts.clock.time()
        return is_up(host, now, self._parts.settings.down_after)

    def _check_up(self, name: str) -> None:
        host = self._host(name)
        if host is None or not self._is_up(host):
            raise BadRequest(f"Compute service of {name} is unavailable.")

    def _check_destination(self, server: Server, name: str) -> None:
        if self._host(name) is None:
            raise BadRequest(f"Compute host {name} could not be found.")
        self._check_up(name)
        if name == server.host:
            raise BadRequest(
                f"Unable to migrate instance ({server.id}) to current host ({name})."
            )

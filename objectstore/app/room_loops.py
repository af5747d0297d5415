"""The loops that look after a device's rooms, each as often as the settings say."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.account.reaper import REST_SECONDS as REAPER_REST_SECONDS
from objectstore.account.reaper import Reaper
from objectstore.account.store import AccountStore
from objectstore.app.internal import InternalStore
from objectstore.app.ranks import Ranks
from objectstore.app.repairing import Repairer
from objectstore.database.auditor import REST_SECONDS as AUDIT_REST_SECONDS
from objectstore.database.auditor import DatabaseAuditor
from objectstore.database.broker import Broker
from objectstore.database.loops import database_loops
from objectstore.database.store import DatabaseStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk
from objectstore.kernel.loop import Loop
from objectstore.kernel.turns import Line
from objectstore.object.maintenance.auditor import ObjectAuditor
from objectstore.object.maintenance.expirer import REST_SECONDS as EXPIRY_REST_SECONDS
from objectstore.object.maintenance.expirer import Expirer
from objectstore.object.maintenance.index_repair import (
    REST_SECONDS as REPAIR_REST_SECONDS,
)
from objectstore.object.maintenance.index_repair import IndexRepair
from objectstore.object.store.store import ObjectStore
from objectstore.settings import StoreSettings


class RoomLoops:
    """Makes them.  ``internal`` None: nothing is expired or reaped.

    ``folding``: databases of one process fold their rows one after the other.
    """

    def __init__(
        self,
        settings: StoreSettings,
        disk: Disk,
        clock: Clock,
        ranks: Ranks,
        internal: InternalStore | None,
        folding: Line,
    ) -> None:
        self._daemons = settings.daemons
        self._reclaim_seconds = settings.server.reclaim_age
        self._disk = disk
        self._clock = clock
        self._ranks = ranks
        self._internal = internal
        self._folding = folding

    def upkeep(self, store: ObjectStore) -> list[Loop]:
        """Of every store, of records and of fragments: it is audited and repaired."""
        daemons = self._daemons
        auditor = ObjectAuditor(
            store,
            self._clock,
            daemons.audit_bytes,
            daemons.audit_files,
            daemons.audit_rest,
        )
        return [
            Loop(auditor, idle_seconds=AUDIT_REST_SECONDS),
            Loop(IndexRepair(store), idle_seconds=REPAIR_REST_SECONDS),
        ]

    def of_objects(self, device: str, store: ObjectStore) -> list[Loop]:
        """Its upkeep, and what expires."""
        loops = self.upkeep(store)
        if self._internal is not None:
            rank = self._ranks.object(store.policy, device)
            expirer = Expirer(
                store, self._clock, self._internal.expire, rank, self._daemons.turn
            )
            loops.append(Loop(expirer, idle_seconds=EXPIRY_REST_SECONDS))
        return loops

    def of_accounts(self, device: str, store: AccountStore) -> list[Loop]:
        """What deleted accounts leave; ``of_databases`` has the rest."""
        if self._internal is None:
            return []
        reaper = Reaper(
            store,
            self._clock,
            self._internal,
            self._ranks.account(device),
            delay_seconds=self._daemons.delay_reaping,
            turn_seconds=self._daemons.turn,
        )
        return [Loop(reaper, idle_seconds=REAPER_REST_SECONDS)]

    def of_databases(
        self,
        databases: DatabaseStore,
        repairer: Repairer,
        may_remove: Callable[[Broker], bool],
    ) -> list[Loop]:
        """What containers and accounts have in common."""
        daemons = self._daemons
        auditor = DatabaseAuditor(
            databases,
            self._disk,
            self._clock,
            daemons.database_audit_bytes,
            daemons.database_audit_files,
            daemons.audit_rest,
        )
        return [
            Loop(auditor, idle_seconds=AUDIT_REST_SECONDS),
            *repairer.loops(),
            *database_loops(
                databases,
                self._clock,
                self._folding,
                reclaim_age_seconds=self._reclaim_seconds,
                may_remove=may_remove,
                may_reclaim=repairer.has_converged,
            ),
        ]

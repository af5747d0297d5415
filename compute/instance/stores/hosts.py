"""Hosts and what is claimed on them, in SQL.

``claim`` is one conditional update: it takes the place if, at that moment, there is
room, and says whether it did.  So no host is ever overbooked, however many schedulers
run on however old a picture of the hosts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from compute.core.identifiers import Identifiers
from compute.core.sql.database import Connection
from compute.instance.moves import ENDED
from compute.instance.records import Host
from compute.instance.tables import ALLOCATIONS, HOSTS, MIGRATIONS


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a server takes of its host."""

    vcpus: int
    memory_mib: int
    disk_gib: int

    def at_least(self, other: Amounts) -> Amounts:
        """The larger of each."""
        return Amounts(
            max(self.vcpus, other.vcpus),
            max(self.memory_mib, other.memory_mib),
            max(self.disk_gib, other.disk_gib),
        )


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much of a host's own size may be promised."""

    vcpu_ratio: float = 4.0
    memory_ratio: float = 1.0
    disk_ratio: float = 1.0
    reserved_memory_mib: int = 512


class HostStore:
    """All of it inside the caller's transactions."""

    def report(
        self,
        connection: Connection,
        identifiers: Identifiers,
        host: str,
        inventory: Mapping[str, Any],
        address: str,
        now: float,
    ) -> None:
        """The host lives, and has this."""
        size = {
            "hypervisor_type": inventory["hypervisor_type"],
            "hypervisor_version": inventory["hypervisor_version"],
            "vcpus": inventory["vcpus"],
            "memory_mib": inventory["memory_mib"],
            "disk_gib": inventory["disk_gib"],
            "inventory": dict(inventory),
            "address": address,
            "last_seen": now,
        }
        changed = connection.execute(
            sa.update(HOSTS).where(HOSTS.c.host == host).values(**size)
        )
        if changed.rowcount:
            return
        connection.execute(
            HOSTS.insert().values(
                **size,
                host=host,
                hypervisor_id=identifiers.uuid(),
                service_id=identifiers.uuid(),
                created_at=now,
                updated_at=now,
            )
        )

    def seen(self, connection: Connection, hosts: Iterable[str], now: float) -> None:
        """These hosts live; nothing else about them is new."""
        connection.execute(
            sa.update(HOSTS).where(HOSTS.c.host.in_(list(hosts))).values(last_seen=now)
        )

    def all(self, connection: Connection) -> list[Host]:
        """Every host, by name."""
        rows = connection.execute(HOSTS.select().order_by(HOSTS.c.number))
        return [Host(**row._mapping) for row in rows]

    def get(self, connection: Connection, host: str) -> Host | None:
        """One host."""
        return self._one(connection, HOSTS.c.host == host)

    def find(self, connection: Connection, key: str) -> Host | None:
        """By hypervisor's or service's id, or number."""
        where = sa.or_(HOSTS.c.hypervisor_id == key, HOSTS.c.service_id == key)
        if key.isdigit() and len(key) < 10:
            where = HOSTS.c.number == int(key)
        return self._one(connection, where)

    def _one(
        self, connection: Connection, where: sa.ColumnElement[bool]
    ) -> Host | None:
        row = connection.execute(HOSTS.select().where(where)).first()
        return None if row is None else Host(**row._mapping)

    def set(self, connection: Connection, host: str, now: float, **values: Any) -> None:
        """Change what operators say of a host."""
        connection.execute(
            sa.update(HOSTS)
            .where(HOSTS.c.host == host)
            .values(**values, updated_at=now)
        )

    def forget(self, connection: Connection, host: str) -> None:
        """The host is gone for good."""
        connection.execute(sa.delete(ALLOCATIONS).where(ALLOCATIONS.c.host == host))
        connection.execute(sa.delete(HOSTS).where(HOSTS.c.host == host))

    # ---- claims ----------------------------------------------------------------

    def claim(
        self,
        connection: Connection,
        server_id: str,
        host: str,
        amounts: Amounts,
        capacity: Capacity,
        *,
        even_disabled: bool = False,
    ) -> bool:
        """Take the place on the host, if there is room; the server has none yet."""
        if not self._take(connection, host, amounts, capacity, 1, even_disabled):
            return False
        connection.execute(
            ALLOCATIONS.insert().values(
                server_id=server_id,
                host=host,
                vcpus=amounts.vcpus,
                memory_mib=amounts.memory_mib,
                disk_gib=amounts.disk_gib,
            )
        )
        return True

    def change(
        self,
        connection: Connection,
        server_id: str,
        amounts: Amounts,
        capacity: Capacity,
    ) -> bool:
        """Make the server's claim that large, if there is room."""
        row = self._allocation(connection, server_id)
        if row is None:
            return False
        more = Amounts(
            amounts.vcpus - row.vcpus,
            amounts.memory_mib - row.memory_mib,
            amounts.disk_gib - row.disk_gib,
        )
        if not self._take(connection, row.host, more, capacity, 0, True):
            return False
        connection.execute(
            sa.update(ALLOCATIONS)
            .where(ALLOCATIONS.c.server_id == server_id)
            .values(
                vcpus=amounts.vcpus,
                memory_mib=amounts.memory_mib,
                disk_gib=amounts.disk_gib,
            )
        )
        return True

    def has_room(
        self,
        connection: Connection,
        host: str,
        more: Amounts,
        capacity: Capacity,
        *,
        even_disabled: bool = False,
    ) -> bool:
        """Whether a claim would do, as of now."""
        select = HOSTS.select().where(*_room(host, more, capacity, even_disabled))
        return connection.execute(select).first() is not None

    def hand_over(self, connection: Connection, before: str, after: str) -> bool:
        """The place that ``before`` has is ``after``'s now; whether there was one."""
        changed = connection.execute(
            sa.update(ALLOCATIONS)
            .where(ALLOCATIONS.c.server_id == before)
            .values(server_id=after)
        )
        return changed.rowcount == 1

    def release(self, connection: Connection, server_id: str) -> None:
        """Give the server's place back; fine when it has none."""
        row = self._allocation(connection, server_id)
        if row is None:
            return
        columns = HOSTS.c
        connection.execute(
            sa.update(HOSTS)
            .where(columns.host == row.host)
            .values(
                vcpus_used=columns.vcpus_used - row.vcpus,
                memory_used_mib=columns.memory_used_mib - row.memory_mib,
                disk_used_gib=columns.disk_used_gib - row.disk_gib,
                servers=columns.servers - 1,
            )
        )
        connection.execute(
            sa.delete(ALLOCATIONS).where(ALLOCATIONS.c.server_id == server_id)
        )

    def has_allocations(self, connection: Connection, host: str) -> bool:
        """Whether any server has a place there, or comes from there and may go back;
        what is left of servers that have moved away for good is nobody's."""
        ended = [status.value for status in ENDED]
        gone = sa.select(MIGRATIONS.c.uuid).where(MIGRATIONS.c.status.in_(ended))
        select = ALLOCATIONS.select().where(
            ALLOCATIONS.c.host == host, ALLOCATIONS.c.server_id.not_in(gone)
        )
        return connection.execute(select.limit(1)).first() is not None

    def _allocation(self, connection: Connection, server_id: str) -> Any:
        select = ALLOCATIONS.select().where(ALLOCATIONS.c.server_id == server_id)
        return connection.execute(select).first()

    def _take(
        self,
        connection: Connection,
        host: str,
        more: Amounts,
        capacity: Capacity,
        servers: int,
        even_disabled: bool,
    ) -> bool:
        columns = HOSTS.c
        changed = connection.execute(
            sa.update(HOSTS)
            .where(*_room(host, more, capacity, even_disabled))
            .values(
                vcpus_used=columns.vcpus_used + more.vcpus,
                memory_used_mib=columns.memory_used_mib + more.memory_mib,
                disk_used_gib=columns.disk_used_gib + more.disk_gib,
                servers=columns.servers + servers,
            )
        )
        return changed.rowcount == 1


def _room(
    host: str, more: Amounts, capacity: Capacity, even_disabled: bool
) -> list[sa.ColumnElement[bool]]:
    """That the host has room for so much more."""
    columns = HOSTS.c
    vcpus = columns.vcpus_used + more.vcpus
    memory = columns.memory_used_mib + more.memory_mib
    disk = columns.disk_used_gib + more.disk_gib
    memory_total = columns.memory_mib - capacity.reserved_memory_mib
    where: list[sa.ColumnElement[bool]] = [columns.host == host]
    # What gets smaller, or stays, always fits.
    if more.vcpus > 0:
        where.append(vcpus <= columns.vcpus * capacity.vcpu_ratio)
    if more.memory_mib > 0:
        where.append(memory <= memory_total * capacity.memory_ratio)
    if more.disk_gib > 0:
        where.append(disk <= columns.disk_gib * capacity.disk_ratio)
    if not even_disabled:
        where.append(columns.enabled == sa.true())
    return where

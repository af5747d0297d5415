"""Servers with what is shown of them and stands elsewhere: addresses, groups, hosts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.sql.database import Connection
from compute.instance.frame.routes import minor_of
from compute.instance.nics import vifs_from
from compute.instance.parts import Parts
from compute.instance.records import Host, Server
from compute.instance.scheduling.snapshot import is_up
from compute.instance.views.servers import Shown, full_server, short_server
from objectstore.kernel.errors import RingstackError

_log = logging.getLogger("compute.instance")
_ATTRIBUTES = "os_compute_api:os-extended-server-attributes"
_HOST_STATUS = "os_compute_api:servers:show:host_status"


class Presenter:
    """Shows servers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def one(self, call: ApiCall, server: Server) -> dict[str, Any]:
        """For show."""
        return full_server(self._shown(call, [server])[0], one=True)

    def short(self, call: ApiCall, server: Server) -> dict[str, Any]:
        """For update and rebuild before 2.75."""
        return short_server(self._shown(call, [server])[0])

    def many(self, call: ApiCall, servers: Sequence[Server]) -> list[dict[str, Any]]:
        """For detail."""
        return [full_server(each, one=False) for each in self._shown(call, servers)]

    def vifs(self, servers: Sequence[Server]) -> dict[str, list[Mapping[str, Any]]]:
        """Interfaces as the network room has them now; as they last were when it
        does not answer."""
        known = {each.id: list(each.vifs) for each in servers}
        asked = [each.id for each in servers if not each.deleted]
        if not asked:
            return known
        try:
            nics = self._parts.network.nics(asked)
        except RingstackError as error:
            _log.warning("addresses are shown as they last were: %s", error)
            return known
        fresh = {key: vifs_from(nics.get(key, ()), known[key]) for key in asked}
        return known | {key: list(vifs) for key, vifs in fresh.items()}

    def _shown(self, call: ApiCall, servers: Sequence[Server]) -> list[Shown]:
        parts = self._parts
        vifs = self.vifs(servers)
        sees_status = minor_of(call) >= 16 and any(
            parts.allows(call.context, _HOST_STATUS, each) for each in servers
        )
        hosts: dict[str, Host] = {}
        if sees_status:
            names = {each.host for each in servers if each.host}
            hosts = parts.database.read(lambda conn: self._hosts(conn, names))
        return [
            Shown(
                call,
                server,
                vifs[server.id],
                is_admin=parts.allows(call.context, _ATTRIBUTES, server),
                host_status=self._status(hosts.get(server.host)),
                sees_host_status=sees_status,
                groups=[server.group_id] if server.group_id else [],
            )
            for server in servers
        ]

    def _hosts(self, connection: Connection, names: set[str]) -> dict[str, Host]:
        return {
            host.host: host
            for host in self._parts.stores.hosts.all(connection)
            if host.host in names
        }

    def _status(self, host: Host | None) -> str:
        if host is None:
            return ""
        now = self._parts.clock.time()
        if not is_up(host, now, self._parts.settings.down_after):
            return "DOWN"
        return "UP" if host.enabled else "MAINTENANCE"

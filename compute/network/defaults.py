"""What a new cloud starts with: an external network, and a network for all projects.

Made once, at the first start, as the settings say; an administrator may change or
delete them afterwards, and they do not come back.
"""

from __future__ import annotations

from typing import Any

from compute.core.context import RequestContext
from compute.network import tables
from compute.network.frame.subjects import EVERYTHING
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links import networks, prefixes, subnets
from compute.network.links.segments import tunnels
from compute.network.model import Network
from compute.network.projects.topology import make_network_with_router

MADE = "defaults"
SETTINGS = "settings in views"
# The cloud's own things belong to no project: only administrators touch them.
NOBODY = ""


def ensure_defaults(database: NetworkDatabase) -> None:
    """Make them if this database never had them."""
    context = RequestContext("", roles=frozenset({"admin", "service"}))
    if not database.read(context, _are_made):
        database.write(context, _make)
    if not database.read(context, _are_settings_known):
        database.write(context, _know_settings)


def _are_made(work: Work) -> bool:
    counters = tables.counters
    return bool(work.rows(counters.select().where(counters.c.name == MADE)))


def _are_settings_known(work: Work) -> bool:
    """Whether hosts' views say what the settings say."""
    counters = tables.counters
    found = work.rows(counters.select().where(counters.c.name == SETTINGS))
    return [row["value"] for row in found] == [_settings_in_views(work)]


def _know_settings(work: Work) -> None:
    """A new revision: agents do not look at a view whose revision they know."""
    if _are_settings_known(work):
        return
    counters = tables.counters
    work.connection.execute(counters.delete().where(counters.c.name == SETTINGS))
    value = _settings_in_views(work)
    work.connection.execute(counters.insert().values(name=SETTINGS, value=value))
    work.concern([EVERYTHING])
    work.touch(tunnels(work))


def _settings_in_views(work: Work) -> int:
    settings = work.settings
    return int(settings.encrypt_tunnels) + 2 * int(settings.external_masquerade)


def _make(work: Work) -> None:
    if _are_made(work):  # another process was faster
        return
    work.connection.execute(tables.counters.insert().values(name=MADE, value=1))
    settings = work.settings
    if not settings.external_network:
        return
    external = _external(work)
    if settings.shared_network:
        make_network_with_router(
            work,
            NOBODY,
            settings.shared_network,
            settings.shared_prefix,
            external,
            shared=True,
        )


def _external(work: Work) -> Network:
    settings = work.settings
    wanted: dict[str, Any] = {
        "name": settings.external_network,
        "description": "Reaches the host, and through it the world",
        "router:external": True,
        "is_default": True,
        "port_security_enabled": False,
    }
    network = networks.create_network(
        work, {**networks.FIELDS.new(wanted), "project_id": NOBODY}
    )
    prefix = prefixes.parse_prefix(settings.external_prefix)
    subnet = {
        "network_id": network.id,
        "name": f"{settings.external_network}_subnet",
        "cidr": str(prefix),
        "ip_version": prefix.version,
        "enable_dhcp": False,
    }
    subnets.create_subnet(work, {**subnets.FIELDS.new(subnet), "project_id": NOBODY})
    return network

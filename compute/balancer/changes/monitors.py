"""Health monitors: how the members of a pool are probed."""

from __future__ import annotations

from collections.abc import Sequence

from compute.balancer import rules, tables
from compute.balancer.changes.locking import (
    add,
    begin_of,
    change,
    doom,
    new_part,
    touch,
)
from compute.balancer.frame.definition import Definition
from compute.balancer.frame.fields import ID, TEXT, Field, Fields, words
from compute.balancer.frame.kind import Item, Kind
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import Work
from compute.balancer.model import PING, UDP_CONNECT, Balancer, Monitor, Pool
from compute.core.errors import BadRequest, Conflict, NotFound

METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "OPTIONS",
    "PATCH",
    "CONNECT",
)
# A day; and what haproxy counts to.
SECONDS_MAX = 86400
RETRIES_MAX = 10
_SECONDS = {"type": "integer", "minimum": 1, "maximum": SECONDS_MAX}
_RETRIES = {"type": "integer", "minimum": 1, "maximum": RETRIES_MAX}
_WORD = {"type": "string", "maxLength": 64}
HTTP_DEFAULTS = {"http_method": "GET", "url_path": "/", "expected_codes": "200"}
FIELDS = Fields(
    Field("pool_id", ID, required=True, update=False),
    Field(
        "type",
        words("HTTP", "HTTPS", "TCP", "TLS-HELLO", PING, UDP_CONNECT, "SCTP"),
        required=True,
        update=False,
    ),
    Field("delay", _SECONDS, required=True),
    Field("timeout", _SECONDS, required=True),
    Field("max_retries", _RETRIES, required=True),
    Field("max_retries_down", _RETRIES, default=3),
    Field("http_method", words(*METHODS), default=""),
    Field("url_path", TEXT, default=""),
    Field("expected_codes", _WORD, default=""),
    Field("http_version", words(1.0, 1.1, "1.0", "1.1"), default=""),  # type: ignore[arg-type]
    Field("domain_name", TEXT, default=""),
)


def create(work: Work, attributes: Item) -> Monitor:
    """A new monitor of the pool that is named."""
    pool = _pool(work, attributes["pool_id"])
    balancer = begin_of(work, pool)
    touch(work, tables.pools, pool.id)
    return make(work, balancer, pool, attributes)


def make(work: Work, balancer: Balancer, pool: Pool, attributes: Item) -> Monitor:
    """A new monitor of the pool."""
    rules.check_probed(attributes["type"], pool.protocol)
    check_quota(work, "health_monitor", balancer.project_id)
    table = tables.monitors
    if work.records(Monitor, table, table.c.pool_id == pool.id):
        raise Conflict("This pool already has a health monitor")
    values = FIELDS.columns(attributes)
    values = _with_defaults(values["type"], values)
    rules.check_monitor(values)
    monitor = Monitor(**new_part(work, balancer), **values)
    return add(work, table, monitor, attributes["tags"])


def update(work: Work, monitor: Monitor, attributes: Item) -> Monitor:
    """Change a monitor."""
    begin_of(work, monitor)
    touch(work, tables.pools, monitor.pool_id)
    values = _with_defaults(monitor.type, FIELDS.columns(attributes))
    names = FIELDS.columns(dict.fromkeys(_COMPARED))
    now = {name: getattr(monitor, name) for name in names}
    rules.check_monitor({**now, **values, "type": monitor.type})
    return change(work, tables.monitors, monitor, values, attributes)


_COMPARED = (
    "delay",
    "timeout",
    "url_path",
    "expected_codes",
    "domain_name",
    "http_version",
)


def delete(work: Work, monitor: Monitor) -> None:
    """Take it away: nobody probes the members any more."""
    begin_of(work, monitor)
    touch(work, tables.pools, monitor.pool_id)
    doom(work, tables.monitors, tables.monitors.c.id == monitor.id)


def _with_defaults(kind: str, values: Item) -> Item:
    """``http_version`` as text; what HTTP needs, and others have not."""
    found = dict(values)
    is_http = kind in rules.HTTP_MONITORS
    if found.get("http_version"):
        # A client's 1 is 1.0, too.
        found["http_version"] = str(float(found["http_version"]))
    for name, default in HTTP_DEFAULTS.items():
        if name in found and is_http:
            found[name] = found[name] or default
        elif found.get(name):
            raise rules.wrong(f"{name} is not used by monitors of the type {kind}")
    for name in ("http_version", "domain_name"):
        if found.get(name) and not is_http:
            raise rules.wrong(f"{name} is not used by monitors of the type {kind}")
    return found


def _pool(work: Work, identifier: str) -> Pool:
    from compute.balancer.changes.pools import KIND as POOLS

    try:
        return POOLS.find(work, identifier)
    except NotFound as error:
        raise BadRequest(error.text) from None


def _present(work: Work, monitors: Sequence[Monitor]) -> list[Item]:
    return [
        {
            "pools": [{"id": each.pool_id}],
            "type": each.type,
            "delay": each.delay,
            "timeout": each.timeout,
            "max_retries": each.max_retries,
            "max_retries_down": each.max_retries_down,
            "http_method": each.http_method or None,
            "url_path": each.url_path or None,
            "expected_codes": each.expected_codes or None,
            "http_version": float(each.http_version) if each.http_version else None,
            "domain_name": each.domain_name or None,
        }
        for each in monitors
    ]


KIND = Kind(
    word="healthmonitor",
    singular="healthmonitor",
    plural="healthmonitors",
    title="Health Monitor",
    table=tables.monitors,
    record=Monitor,
    present=_present,
    columns={
        name: name
        for name in (
            "pool_id",
            "type",
            "delay",
            "timeout",
            "max_retries",
            "max_retries_down",
            "http_method",
            "url_path",
            "expected_codes",
            "domain_name",
        )
    },
    lacks=("description",),
)
DEFINITION = Definition(KIND, FIELDS, create, update, delete)

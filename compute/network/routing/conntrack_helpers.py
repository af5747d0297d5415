"""Conntrack helpers of a router: create, change, delete, and how the API shows them.

Some protocols agree inside of one connection upon another (FTP's data, the answers of
TFTP).  A router that hides its networks lets such a one through only if it reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from compute.network import tables
from compute.network.conntrack_names import CONNTRACK_HELPERS
from compute.network.errors import invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection, own
from compute.network.frame.fields import TEXT, Field, Fields
from compute.network.frame.resource import Definition, Parent
from compute.network.frame.work import Work
from compute.network.links.translations import wake_router
from compute.network.model import ConntrackHelper
from compute.network.routing.routers import COLLECTION as ROUTERS

HELPERS_MAX = 50
_PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
_NAMES = sorted({name for name, _ in CONNTRACK_HELPERS})
_PROTOCOLS = sorted({protocol for _, protocol in CONNTRACK_HELPERS})
FIELDS = Fields(
    Field("helper", TEXT, required=True),
    Field("protocol", TEXT, required=True),
    Field("port", _PORT, required=True),
)
LACKS = (
    "project_id",
    "tenant_id",
    "description",
    "revision_number",
    "created_at",
    "updated_at",
    "tags",
)


def create_helper(work: Work, body: Body) -> ConntrackHelper:
    """One more."""
    router = ROUTERS.find(work, body["router_id"])
    helper = ConntrackHelper(
        **work.new(),
        project_id=router.project_id,
        router_id=router.id,
        helper=body["helper"],
        protocol=body["protocol"],
        port=body["port"],
    )
    _check(work, helper)
    work.insert(tables.conntrack_helpers, helper)
    wake_router(work, router.id)
    return helper


def update_helper(work: Work, helper: ConntrackHelper, body: Body) -> ConntrackHelper:
    """Another helper, or another port."""
    _check(work, replace(helper, **body))
    wake_router(work, helper.router_id)
    return work.save(tables.conntrack_helpers, helper, **body)


def delete_helper(work: Work, helper: ConntrackHelper) -> None:
    """Take it away."""
    work.delete(tables.conntrack_helpers, helper)
    wake_router(work, helper.router_id)


def _check(work: Work, helper: ConntrackHelper) -> None:
    if helper.helper not in _NAMES:
        raise invalid(
            f"Conntrack helper {helper.helper[:40]} is not one of {', '.join(_NAMES)}.",
            "ConntrackHelperNotAllowed",
        )
    if (helper.helper, helper.protocol) not in CONNTRACK_HELPERS:
        raise invalid(
            f"Conntrack helper {helper.helper} does not support protocol"
            f" {helper.protocol[:40]}.",
            "InvalidProtocolForHelper",
        )
    others = [
        each for each in helpers_of(work, [helper.router_id]) if each.id != helper.id
    ]
    if len(others) >= HELPERS_MAX:
        raise invalid(f"A router has at most {HELPERS_MAX} conntrack helpers.")
    if any(
        (each.protocol, each.port) == (helper.protocol, helper.port) for each in others
    ):
        raise invalid(
            "A duplicate conntrack helper entry with same attributes already exists:"
            f" {helper.protocol} port {helper.port}.",
            "BadRequest",
        )


def helpers_of(work: Work, routers: Sequence[str]) -> list[ConntrackHelper]:
    """Those of these routers."""
    table = tables.conntrack_helpers
    return work.records(ConntrackHelper, table, table.c.router_id.in_(list(routers)))


def _present(work: Work, records: Sequence[ConntrackHelper]) -> list[Body]:
    return [
        {"helper": each.helper, "protocol": each.protocol, "port": each.port}
        for each in records
    ]


COLLECTION: Collection[Any] = Collection(
    singular="conntrack_helper",
    plural="conntrack_helpers",
    title="Conntrack helper",
    kind="ConntrackHelper",
    table=tables.conntrack_helpers,
    record=ConntrackHelper,
    present=_present,
    visible=own(tables.conntrack_helpers),
    columns={"helper": "helper", "protocol": "protocol", "port": "port"},
    has_name=False,
    lacks=LACKS,
)
DEFINITION: Definition[Any] = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_helper,
    update=update_helper,
    delete=delete_helper,
    path="routers/{of}/conntrack_helpers",
    parent=Parent("router_id", ROUTERS.find),
    rule="router_conntrack_helper",
)

"""Address scopes: within one, no two subnet pools meet."""

from __future__ import annotations

from collections.abc import Sequence

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import EXTENDED, Collection
from compute.network.frame.fields import BOOLEAN, TEXT, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.visibility import (
    SHARED,
    end_policies,
    lent,
    own_or_shared,
)
from compute.network.model import AddressScope, SubnetPool

FIELDS = Fields(
    Field("name", TEXT, required=True),
    Field(
        "ip_version", {"type": "integer", "enum": [4, 6]}, required=True, update=False
    ),
    Field("shared", BOOLEAN, default=False),
)


def create_scope(work: Work, body: Body) -> AddressScope:
    """A new scope."""
    scope = AddressScope(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        version=body["ip_version"],
        shared=body["shared"],
    )
    return work.insert(tables.address_scopes, scope)


def update_scope(work: Work, scope: AddressScope, body: Body) -> AddressScope:
    """Change name or sharing, which cannot be taken back."""
    if scope.shared and body.get("shared") is False:
        raise invalid(
            f"Unable to update address scope {scope.id}: Shared address scope can't be"
            " unshared.",
            "AddressScopeUpdateError",
        )
    return work.save(tables.address_scopes, scope, **body)


def delete_scope(work: Work, scope: AddressScope) -> None:
    """Take it away; ``AddressScopeInUse`` while pools are in it."""
    pools = tables.subnet_pools
    if work.records(SubnetPool, pools, pools.c.address_scope_id == scope.id):
        raise conflict(
            "AddressScopeInUse",
            f"Unable to complete operation on address scope {scope.id}. There are one"
            " or more subnet pools in use on the address scope.",
        )
    end_policies(work, scope.id)
    work.delete(tables.address_scopes, scope)


def _present(work: Work, scopes: Sequence[AddressScope]) -> list[Body]:
    to_all = lent(work, [each.id for each in scopes], SHARED)
    return [
        {"ip_version": each.version, "shared": each.shared or each.id in to_all}
        for each in scopes
    ]


COLLECTION = Collection(
    singular="address_scope",
    plural="address-scopes",
    title="Address scope",
    kind="AddressScope",
    table=tables.address_scopes,
    record=AddressScope,
    present=_present,
    visible=own_or_shared(tables.address_scopes),
    columns={"ip_version": "version", "shared": "shared"},
    lacks=EXTENDED,
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_scope,
    update=update_scope,
    delete=delete_scope,
)

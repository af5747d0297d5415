"""Subnet pools: prefixes that subnets are cut from, so that they never meet."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection
from compute.network.frame.fields import (
    BOOLEAN,
    INTEGER_OR_NULL,
    TEXT,
    TEXTS,
    UUID_OR_NULL,
    Field,
    Fields,
)
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.prefixes import is_inside, parse_prefix
from compute.network.links.scopes import check_networks_of_pool, wake_routers_of_pool
from compute.network.links.visibility import (
    ALL_PROJECTS,
    SHARED,
    end_policies,
    lent,
    own_or_shared,
)
from compute.network.model import AddressScope, Subnet, SubnetPool
from compute.network.projects.address_scopes import COLLECTION as SCOPES

# Neutron's own defaults for the shortest prefix.
LENGTH_MIN = {4: 8, 6: 64}
LENGTH_MAX = {4: 32, 6: 128}

QUOTA = {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31 - 1}
FIELDS = Fields(
    Field("name", TEXT, required=True),
    Field("description", TEXT, default=""),
    Field("prefixes", {**TEXTS, "minItems": 1}, required=True),
    Field("default_prefixlen", INTEGER_OR_NULL, default=None),
    Field("min_prefixlen", INTEGER_OR_NULL, default=None),
    Field("max_prefixlen", INTEGER_OR_NULL, default=None),
    # What subnets of one project may take: addresses, of IPv6 prefixes of 64 bits.
    Field("default_quota", QUOTA, default=None),
    Field("shared", BOOLEAN, default=False, update=False),
    Field("is_default", BOOLEAN, default=False),
    Field("address_scope_id", UUID_OR_NULL, default=None),
)


def create_pool(work: Work, body: Body) -> SubnetPool:
    """A new pool."""
    prefixes, version = parse_prefixes(body["prefixes"])
    lengths = _lengths(version, body, {})
    pool = SubnetPool(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        version=version,
        prefixes=prefixes,
        prefix_length_default=lengths["prefix_length_default"],
        prefix_length_min=lengths["prefix_length_min"],
        prefix_length_max=lengths["prefix_length_max"],
        shared=body["shared"],
        is_default=body["is_default"],
        address_scope_id=_scope(work, body["address_scope_id"], version),
        quota=body["default_quota"],
    )
    _check_default(work, pool)
    check_scope(work, pool)
    return work.insert(tables.subnet_pools, pool)


def update_pool(work: Work, pool: SubnetPool, body: Body) -> SubnetPool:
    """Change it; prefixes may only grow."""
    values: dict[str, Any] = {
        name: body[name]
        for name in ("name", "description", "is_default")
        if name in body
    }
    if "prefixes" in body:
        prefixes, version = parse_prefixes([*body["prefixes"]])
        if version != pool.version or not all(
            any(is_inside(parse_prefix(old), parse_prefix(new)) for new in prefixes)
            for old in pool.prefixes
        ):
            raise invalid(
                "prefixes: those that the pool has cannot be removed.",
                "IllegalSubnetPoolPrefixUpdate",
            )
        values["prefixes"] = prefixes
    values |= _lengths(
        pool.version,
        body,
        {
            "default_prefixlen": pool.prefix_length_default,
            "min_prefixlen": pool.prefix_length_min,
            "max_prefixlen": pool.prefix_length_max,
        },
    )
    if "default_quota" in body:
        values["quota"] = body["default_quota"]
    if "address_scope_id" in body:
        values["address_scope_id"] = _scope(
            work, body["address_scope_id"], pool.version
        )
        wake_routers_of_pool(work, pool.id)
    changed = work.save(tables.subnet_pools, pool, **values)
    _check_default(work, changed)
    check_scope(work, changed)
    if changed.address_scope_id != pool.address_scope_id:
        check_networks_of_pool(work, changed)
    return changed


def delete_pool(work: Work, pool: SubnetPool) -> None:
    """Take it away; ``SubnetPoolDeleteError`` while subnets are from it."""
    subnets = tables.subnets
    if work.records(Subnet, subnets, subnets.c.subnet_pool_id == pool.id):
        raise conflict(
            "SubnetPoolDeleteError",
            "Unable to delete subnet pool: Subnet pool has existing allocations.",
        )
    end_policies(work, pool.id)
    work.delete(tables.subnet_pools, pool)


def parse_prefixes(texts: Sequence[str]) -> tuple[list[str], int]:
    """Prefixes in canonical form, those that touch as one, and their version of IP.
    ``InvalidInput``."""
    found = [parse_prefix(text, "prefixes") for text in texts]
    version = found[0].version
    if any(each.version != version for each in found):
        raise invalid("prefixes: two versions of IP.", "PrefixVersionMismatch")
    if version == 4:
        four = [each for each in found if isinstance(each, ipaddress.IPv4Network)]
        return [str(each) for each in ipaddress.collapse_addresses(four)], 4
    six = [each for each in found if isinstance(each, ipaddress.IPv6Network)]
    return [str(each) for each in ipaddress.collapse_addresses(six)], 6


def _lengths(version: int, body: Body, had: Mapping[str, int]) -> dict[str, int]:
    low = body.get("min_prefixlen") or had.get("min_prefixlen") or LENGTH_MIN[version]
    high = body.get("max_prefixlen") or had.get("max_prefixlen") or LENGTH_MAX[version]
    default = body.get("default_prefixlen") or had.get("default_prefixlen") or low
    if not 1 <= low <= default <= high <= LENGTH_MAX[version]:
        raise invalid(
            f"min_prefixlen {low} <= default_prefixlen {default}"
            f" <= max_prefixlen {high} <= {LENGTH_MAX[version]} must hold.",
            "IllegalSubnetPoolPrefixBounds",
        )
    return {
        "prefix_length_default": default,
        "prefix_length_min": low,
        "prefix_length_max": high,
    }


def _scope(work: Work, identifier: str | None, version: int) -> str:
    if not identifier:
        return ""
    scope = SCOPES.find(work, identifier)
    if scope.version != version:
        raise invalid("address_scope_id: the scope is of the other version of IP.")
    return scope.id


def check_scope_is_lent(work: Work, pool: SubnetPool, project_id: str) -> None:
    """Whoever is to use the pool may use its address scope as well."""
    if not pool.address_scope_id:
        return
    scopes, policies = tables.address_scopes, tables.rbac_policies
    scope = work.find(AddressScope, scopes, pool.address_scope_id)
    lent_to = work.connection.execute(
        sa.select(policies.c.target_project).where(
            policies.c.object_id == pool.address_scope_id,
            policies.c.action == SHARED,
        )
    )
    if scope is None or scope.shared or scope.project_id == project_id:
        return
    if not {project_id, ALL_PROJECTS} & set(lent_to.scalars()):
        raise invalid(
            f"Project {project_id} cannot use address scope {scope.id}, which the"
            " subnet pool is in."
        )


def check_scope(work: Work, pool: SubnetPool) -> None:
    """Pools of one scope do not meet."""
    if not pool.address_scope_id:
        return
    pools = tables.subnet_pools
    for other in work.records(
        SubnetPool,
        pools,
        pools.c.address_scope_id == pool.address_scope_id,
        pools.c.id != pool.id,
    ):
        for mine in map(parse_prefix, pool.prefixes):
            if any(mine.overlaps(parse_prefix(each)) for each in other.prefixes):
                raise conflict(
                    "AddressScopePrefixConflict",
                    "Failed to associate address scope: subnetpools within an address"
                    " scope must have unique prefixes.",
                )


def _check_default(work: Work, pool: SubnetPool) -> None:
    pools = tables.subnet_pools
    if pool.is_default and work.records(
        SubnetPool,
        pools,
        pools.c.is_default.is_(True),
        pools.c.version == pool.version,
        pools.c.id != pool.id,
    ):
        raise invalid(
            f"A default subnetpool for IPv{pool.version} has already been set.",
            "DefaultSubnetPoolExists",
        )


def _present(work: Work, pools: Sequence[SubnetPool]) -> list[Body]:
    to_all = lent(work, [pool.id for pool in pools], SHARED)
    return [
        {
            "ip_version": pool.version,
            "prefixes": list(pool.prefixes),
            "default_prefixlen": str(pool.prefix_length_default),
            "min_prefixlen": str(pool.prefix_length_min),
            "max_prefixlen": str(pool.prefix_length_max),
            "default_quota": pool.quota,
            "shared": pool.shared or pool.id in to_all,
            "is_default": pool.is_default,
            "address_scope_id": pool.address_scope_id or None,
        }
        for pool in pools
    ]


COLLECTION = Collection(
    singular="subnetpool",
    plural="subnetpools",
    title="Subnet pool",
    kind="SubnetPool",
    table=tables.subnet_pools,
    record=SubnetPool,
    present=_present,
    visible=own_or_shared(tables.subnet_pools),
    columns={
        "ip_version": "version",
        "default_prefixlen": "prefix_length_default",
        "min_prefixlen": "prefix_length_min",
        "max_prefixlen": "prefix_length_max",
        "default_quota": "quota",
        "shared": "shared",
        "is_default": "is_default",
        "address_scope_id": "address_scope_id",
    },
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_pool,
    update=update_pool,
    delete=delete_pool,
    quota="subnetpool",
)

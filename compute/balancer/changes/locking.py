"""Beginning a change: nobody else's may be under way on the same load balancer.

A change raises the balancer's generation; when its host and its group of the network
have made that true, everything pending is settled (``settling.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.frame.kind import TAGS
from compute.balancer.frame.work import Work
from compute.balancer.model import (
    DEEDS,
    PENDING_CREATE,
    PENDING_DELETE,
    PENDING_UPDATE,
    Balancer,
    Deed,
    Part,
)
from compute.core.errors import BadRequest, Conflict

P = TypeVar("P", bound=Part)


def check_mutable(balancer: Balancer, deed: Deed = Deed.CHANGE) -> None:
    """409 when that may not be begun now."""
    allowed, _ = DEEDS[deed]
    if balancer.provisioning_status not in allowed:
        raise Conflict(
            f"Load Balancer {balancer.id} is immutable and cannot be updated.",
            kind="ImmutableObject",
        )


def begin(work: Work, balancer: Balancer, deed: Deed = Deed.CHANGE) -> Balancer:
    """The balancer, pending; 409 when it is immutable now."""
    check_mutable(balancer, deed)
    _, after = DEEDS[deed]
    work.wake([balancer.host])
    return work.save(
        tables.balancers,
        balancer,
        provisioning_status=after,
        generation=balancer.generation + 1,
        pending_since=work.now,
        updated_at=work.now,
    )


def begin_of(work: Work, part: Part) -> Balancer:
    """The same for something of a balancer."""
    return begin(work, balancer_of(work, part.balancer_id))


def balancer_of(work: Work, balancer_id: str) -> Balancer:
    """A balancer that is known to be there."""
    found = work.find(Balancer, tables.balancers, balancer_id)
    assert found is not None, "parts have a balancer"
    return found


def new_part(work: Work, balancer: Balancer) -> dict[str, Any]:
    """What a new part of the balancer begins with."""
    return {
        "id": work.identifiers.uuid(),
        "project_id": balancer.project_id,
        "balancer_id": balancer.id,
        "provisioning_status": PENDING_CREATE,
        "created_at": work.now,
    }


def add(work: Work, table: sa.Table, part: P, tags: Sequence[str] | None) -> P:
    """A new part."""
    work.insert(table, part)
    if tags:
        TAGS.set(work.connection, part.id, tags)
    return part


def change(
    work: Work, table: sa.Table, part: P, values: dict[str, Any], attributes: Any
) -> P:
    """New values of a part, tags among the attributes."""
    if "tags" in attributes:
        TAGS.set(work.connection, part.id, attributes["tags"])
    return work.save(
        table,
        part,
        provisioning_status=PENDING_UPDATE,
        updated_at=work.now,
        **values,
    )


def touch(work: Work, table: sa.Table, *identifiers: str) -> None:
    """Something below these changes: they are pending, too."""
    work.connection.execute(
        sa.update(table)
        .where(
            table.c.id.in_([each for each in identifiers if each]),
            table.c.provisioning_status.not_in([PENDING_CREATE, PENDING_DELETE]),
        )
        .values(provisioning_status=PENDING_UPDATE)
    )


def doom(work: Work, table: sa.Table, *where: sa.ColumnElement[bool]) -> None:
    """These are being deleted."""
    work.connection.execute(
        sa.update(table).where(*where).values(provisioning_status=PENDING_DELETE)
    )


def wrong(text: str) -> BadRequest:
    """What is asked for makes no sense."""
    return BadRequest(f"Validation failure: {text}", kind="ValidationException")

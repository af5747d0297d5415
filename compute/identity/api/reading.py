"""What all subjects' operations read alike: a page of many, the one of the path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from compute.core.api.frame import ApiCall
from compute.identity.api.replies import Document, page_of, paged
from compute.identity.parts import Parts
from compute.identity.store.records import Records
from objectstore.kernel.reply import Reply

R = TypeVar("R")


def page_reply(
    parts: Parts,
    call: ApiCall,
    name: str,
    records: Records[R],
    conditions: Sequence[Any],
    show: Callable[[ApiCall, R], Document],
    *,
    sortable: Sequence[str] = ("id", "name"),
) -> Reply:
    """The page that is asked for, of the records that meet the conditions."""
    page = page_of(call, sortable)
    found = parts.read(lambda connection: records.page(connection, conditions, page))
    return paged(call, name, page, found, lambda record: show(call, record))


def nobodys(record: object) -> dict[str, Any]:
    """What policies may ask of things that have no owner: nothing."""
    return {}


def load(
    parts: Parts,
    call: ApiCall,
    operation: str,
    records: Records[R],
    parameter: str,
    target_of: Callable[[R], Mapping[str, Any]] = nobodys,
) -> R:
    """The record whose id is that parameter of the path, if the caller may;
    ``target_of``: what policies may ask of it.  ``Forbidden`` comes before
    ``NotFound``: whoever may not does not learn whether there is one."""
    key = call.parameters[parameter]
    found = parts.read(lambda connection: records.find(connection, key))
    target = {} if found is None else target_of(found)
    parts.enforce(call.context, f"identity:{operation}", target)
    if found is None:
        raise records.missing(key)
    return found

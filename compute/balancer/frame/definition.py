"""What is special about one kind of thing: everything else is the same for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from compute.balancer.frame.fields import Fields
from compute.balancer.frame.kind import Item, Kind
from compute.balancer.frame.work import Work
from compute.balancer.model import Part, Thing

P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class Parent:
    """What things of a kind are below in the path (``pools/{of}/members``): ``kind`` of
    it, and the ``column`` of a thing that holds its id."""

    path: str
    kind: Kind[Thing]
    column: str


@dataclass(frozen=True)
class Definition(Generic[P]):
    """``create`` gets all attributes; of a kind with a parent, the parent's id among
    them, under the name of the parent's column."""

    kind: Kind[P]
    fields: Fields
    create: Callable[[Work, Item], P]
    update: Callable[[Work, P, Item], P]
    delete: Callable[[Work, P], None]
    parent: Parent | None = None

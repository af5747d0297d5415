"""Writing what of ours a thing of the network room keeps (``words``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from compute.ec2.inventory import Inventory, Thing
from compute.ec2.rooms import Rooms
from compute.ec2.words import read_words, word
from objectstore.kernel.errors import Rejected


def add_words(rooms: Rooms, path: str, uuid: str, words: list[str]) -> None:
    """Give a thing some more words."""
    if words:
        rooms.post("network", path, uuid, "tags", body={"tags": words})


def set_marks(
    inventory: Inventory, path: str, thing: Thing, marks: Mapping[str, str]
) -> None:
    """Write marks over those that a thing has; an empty one is taken away."""
    rooms, has = inventory.rooms, read_words(thing)
    for name, value in marks.items():
        if name in has and has[name] != value:
            with there_or_not():
                old = word(name, has[name])
                rooms.delete("network", path, thing["id"], "tags", old)
    new = [word(name, value) for name, value in marks.items() if value]
    add_words(rooms, path, thing["id"], new)


@contextmanager
def there_or_not() -> Iterator[None]:
    """What is to be taken away may be gone already."""
    try:
        yield
    except Rejected as error:
        if error.status != 404:
            raise


@contextmanager
def where_possible() -> Iterator[None]:
    """What is only to be shown: the thing may be gone, or have no room for a word."""
    try:
        yield
    except Rejected as error:
        if error.status not in (400, 404):
            raise


@contextmanager
def undone(rooms: Rooms, room: str, *path: str) -> Iterator[None]:
    """Take away what was made when the rest of what is to be done with it fails."""
    try:
        yield
    except BaseException:
        with there_or_not():
            rooms.delete(room, *path)
        raise

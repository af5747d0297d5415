"""Furnished houses, of which one is built for each process of a run: the others begin
with a copy of its files, which takes half the time."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from test.unit.compute.instance.house import House

# Its ids must not be those that the houses make.
SEED = 4711


class _Model:
    """The files of a furnished house that is closed, and what it is furnished with."""

    def __init__(self, hosts: int) -> None:
        # In memory: a process of a parallel run may end without tidying up.
        with tempfile.TemporaryDirectory(prefix="house-") as directory:
            place = Path(directory)
            house = House(place, hosts=hosts, seed=SEED)
            house.furnish()
            house.close()
            self._files = {
                file.relative_to(place): file.read_bytes()
                for file in place.rglob("*")
                if file.is_file()
            }
        self.furniture = {
            name: getattr(house, name)
            for name in ("flavor_id", "image_id", "network_id")
        }

    def copy_to(self, directory: Path) -> None:
        for name, content in self._files.items():
            file = directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


_model = functools.cache(_Model)


def furnished_house(directory: Path, *, hosts: int = 2, **more: Any) -> House:
    """A flavor, an image, a network are there; ``more`` as a ``House`` takes it."""
    model = _model(hosts)
    model.copy_to(directory)
    house = House(directory, hosts=hosts, **more)
    for name, value in model.furniture.items():
        setattr(house, name, value)
    return house

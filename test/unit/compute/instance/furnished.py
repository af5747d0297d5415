"""Furnished houses, of which one is built for each process of a run: the others begin
with a copy of its files, which takes half the time."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

from test.unit.compute.instance.house import House

# Its ids must not be those that the houses make.
SEED = 4711


class _Model:
    """The files of a furnished house that is closed, and what it is furnished with."""

    def __init__(self, hosts: int) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="house-")
        self.place = Path(self._directory.name)
        house = House(self.place, hosts=hosts, seed=SEED)
        house.furnish()
        house.close()
        self.furniture = {
            name: getattr(house, name)
            for name in ("flavor_id", "image_id", "network_id")
        }


_model = functools.cache(_Model)


def furnished_house(directory: Path, *, hosts: int = 2, **more: Any) -> House:
    """A flavor, an image, a network are there; ``more`` as a ``House`` takes it."""
    model = _model(hosts)
    shutil.copytree(model.place, directory, dirs_exist_ok=True)
    house = House(directory, hosts=hosts, **more)
    for name, value in model.furniture.items():
        setattr(house, name, value)
    return house

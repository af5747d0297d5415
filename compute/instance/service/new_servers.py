"""An order for servers, as it stands when everything in it was found and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.instance.block_devices import root_of
from compute.instance.records import Flavor, Server, ServerGroup
from compute.instance.rules import on_volume


@dataclass(frozen=True, slots=True)
class NewServers:
    """What to make: ``template`` is the record of each (its id, name and numbers are
    filled in), with who asks and what the placement must heed."""

    template: Server
    flavor: Flavor
    least: int = 1
    most: int = 1
    zone: str = ""
    forced_host: str = ""
    group: ServerGroup | None = None
    same_host: Sequence[str] = ()
    different_host: Sequence[str] = ()
    admin_password: str = field(default="", repr=False)

    @property
    def flavor_values(self) -> dict[str, Any]:
        """What each server keeps of its flavor."""
        values = self.flavor.snapshot()
        is_on_volume = root_of(self.template.block_devices) is not None
        return on_volume(values) if is_on_volume else values

"""An order for servers, as it stands when everything in it was found and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.instance.block_devices import root_of
from compute.instance.records import Flavor, Server, ServerGroup
from compute.instance.rules import on_volume


@dataclass(frozen=True, slots=True)
class NewServers:
    """What to make: ``template`` is the record of each (its id, name and numbers are
    filled in), with who asks and what the placement must heed; ``order``: what the
    project calls it, if anything."""

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
    order: str = ""

    def order_key(self, index: int) -> str | None:
        """By which one of its servers is known should the order be sent again: no
        two rows have the same.  None when the order has no name, and so is its own
        each time."""
        if not self.order:
            return None
        text = f"{self.template.project_id} {self.order}"
        return f"{hashlib.sha256(text.encode()).hexdigest()}-{index}"

    @property
    def flavor_values(self) -> dict[str, Any]:
        """What each server keeps of its flavor."""
        values = self.flavor.snapshot()
        is_on_volume = root_of(self.template.block_devices) is not None
        return on_volume(values) if is_on_volume else values

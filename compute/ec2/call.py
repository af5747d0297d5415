"""What an action is given."""

from __future__ import annotations

from dataclasses import dataclass

from compute.ec2.frame.parameters import Parameters
from compute.ec2.frame.signed import Signer
from compute.ec2.inventory import Inventory
from compute.ec2.kept_things import KeptThings
from compute.ec2.key_pair_tags import KeyPairTags
from compute.ec2.rooms import Rooms
from compute.ec2.templates.keeper import Templates


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, by whom, and what he has; ``region`` and ``endpoint``: this
    cloud's name, and the host and port of this API; ``catalogue_region``: what the
    other rooms call it."""

    parameters: Parameters
    signer: Signer
    inventory: Inventory
    templates: Templates
    key_pair_tags: KeyPairTags
    kept: KeptThings
    region: str
    endpoint: str
    catalogue_region: str

    @property
    def rooms(self) -> Rooms:
        """The other rooms, asked in the signer's name."""
        return self.inventory.rooms

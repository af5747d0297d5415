"""Which interfaces stay when their instance ends: those that it was not started with.

The compute room deletes the ports that it made for a server, and gives back those that
were brought, but does not tell which is which.  So a port that somebody makes or
brings here keeps a mark of it; and one that is older than its server was not made for
it, whoever brought it.
"""

from __future__ import annotations

from datetime import datetime

from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import set_marks, where_possible
from compute.ec2.words import RESERVED, mark, word

# So far may the clocks of two control hosts be apart.
CLOCKS_APART_SECONDS = 5
_KEPT = f"{RESERVED}kept"
WORD = word(_KEPT, "yes")
"""What a port has from the beginning that is made by itself."""


def is_kept(port: Thing) -> bool:
    """Whether it stays."""
    return bool(mark(port, _KEPT))


def is_older(port: Thing, server: Thing) -> bool:
    """Whether it was there before the server, by the clocks of two rooms."""
    made, began = port.get("created_at"), server.get("created")
    if not made or not began:
        return False
    before = datetime.fromisoformat(began) - datetime.fromisoformat(made)
    return before.total_seconds() > CLOCKS_APART_SECONDS


def keep(inventory: Inventory, port: Thing) -> None:
    """It is about to be given to an instance.  What one has already was perhaps made
    for that."""
    if not port["device_id"] and not is_kept(port):
        with where_possible():
            set_marks(inventory, "ports", port, {_KEPT: "yes"})

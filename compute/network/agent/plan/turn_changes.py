"""What makes the frames of trunks go where they should.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compute.network.agent import operations as do
from compute.network.agent.model import Desired, Observed, SeenLink
from compute.network.agent.vlans.programs import program_name
from compute.network.agent.vlans.turns import VlanTurn


def turn_changes(
    desired: Desired, observed: Observed, before: Sequence[do.Operation]
) -> Iterator[do.Operation]:
    """Of all devices.  ``before``: what is done about speed; a queue that is made anew
    takes the program that stood at it away."""
    cleared = {device for one in before for device in _arriving(one)}
    numbers = {name: link.index for name, link in observed.host.links.items()}
    # A tap opens to its subports last, when their ways are there.
    for turn in sorted(desired.turns.values(), key=lambda one: not one.is_joining):
        program = turn.program(numbers)
        stands = program is not None and (
            observed.turns.get(turn.device) == program_name(program)
        )
        if not stands or turn.device in cleared or _is_down(turn, observed):
            yield do.TurnFrames(turn.concerns, turn)


def _arriving(one: do.Operation) -> Iterator[str]:
    if isinstance(one, do.ShapeDevice) and one.shaping.is_arriving:
        yield one.shaping.device
    if isinstance(one, do.UnshapeDevice) and one.is_arriving:
        yield one.device


def _is_down(turn: VlanTurn, observed: Observed) -> bool:
    """Whoever sets a subport's inner end up is the program's loader."""
    seen = observed.host.links.get(turn.device, SeenLink(turn.device))
    return turn.is_joining and not seen.is_up

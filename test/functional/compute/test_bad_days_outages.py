"""What happens to real guests while parts of their cloud are away (real_outages)."""

from __future__ import annotations

from test.functional.compute.apart import LANE

# Some three minutes on a quiet machine.
SECONDS_MAX = 480.0
SAID = (
    "ready though the store was away",
    "the disk is whole, its image deleted",
    "its console is where its host is",
    "the snapshot is whole though its upload was broken off",
    "a killed resize was reverted",
    "a snapshot without room left nothing",
    "a rescue without room left the guest as it was",
    "deleted while it was built",
    "active though the network agent hung",
    "deleted in the middle of snapshot",
    "deleted in the middle of resize",
    "deleted in the middle of rebuild",
    "deleted in the middle of rescue",
    "the doctor removed",
    "active though the agent slept past its lease",
    "nothing is left behind",
)


def test_outages() -> None:
    said = LANE.run("test.functional.compute.real_outages", seconds=SECONDS_MAX)
    for text in SAID:
        assert text in said

"""What may stand in the path of a call to another room."""

from __future__ import annotations

import pytest

from compute.core.rooms import Rooms
from objectstore.kernel.errors import Rejected


class Nobody:
    """Is asked for no token."""

    project_id = "p"

    def token(self) -> str:
        raise AssertionError

    def refused(self) -> None:
        raise AssertionError


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_leads_elsewhere_is_nothing(name: str) -> None:
    rooms = Rooms({}, Nobody())
    with pytest.raises(Rejected) as refused:
        rooms.get("compute", "servers", name, "action")
    assert refused.value.status == 404
    assert rooms.find("image", "images", name) is None
    assert not rooms.delete("network", "ports", name)

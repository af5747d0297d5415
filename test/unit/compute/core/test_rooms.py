"""What may stand in the path of a call to another room, and what its errors say."""

from __future__ import annotations

from typing import Any

import pytest

from compute.core.rooms.others import Rooms
from compute.core.rooms.paths import sentence_of
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


@pytest.mark.parametrize(
    "document",
    [
        {"itemNotFound": {"code": 404, "message": "No"}},
        {"NeutronError": {"type": "NotFound", "message": "No", "detail": ""}},
        {"error_message": {"faultcode": "Client", "faultstring": "No"}},
        {"code": 404, "title": "Not Found", "error": {"message": "No", "type": "x"}},
        {"code": 400, "title": "Bad Request", "explanation": "No", "error": None},
        {"badRequest": "No"},
        "No",
    ],
)
def test_every_dialect_has_a_sentence(document: Any) -> None:
    assert sentence_of(document) == "No"


@pytest.mark.parametrize("document", [{}, [], None, 5, {"code": 404}, {"a": {}}])
def test_what_has_none(document: Any) -> None:
    assert sentence_of(document) == ""

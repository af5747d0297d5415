"""What is looked at before anything is called a deleted project's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from compute.app.deleted_projects.kinds import KINDS, owner_of
from compute.app.deleted_projects.remains import OBJECT_STORE, DeletedProjects
from objectstore.client.caller import Answer, Content
from objectstore.kernel.errors import Unavailable
from test.fakes.one_answer import OneAnswer
from test.fakes.tokens import SERVICE_PROJECT, FakeTokens

ROOMS = {each.room for each in KINDS}
THERE, GONE = "a" * 32, "b" * 32


class Identity:
    """Knows these projects."""

    def __init__(self, *known: str) -> None:
        self._known = known

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        status = 200 if path.rpartition("/")[2] in self._known else 404
        return Answer(status, {}, [b"{}"])


def looking(identity: Identity, **rooms: Any) -> DeletedProjects:
    callers: dict[str, Any] = {room: OneAnswer(404, b"") for room in ROOMS}
    callers[OBJECT_STORE] = OneAnswer(404, b"")
    callers.update(rooms, identity=identity)
    return DeletedProjects(callers, FakeTokens(), SERVICE_PROJECT)


def images(*owners: str) -> OneAnswer:
    found = [{"id": str(place), "owner": each} for place, each in enumerate(owners)]
    return OneAnswer(200, orjson.dumps({"images": found}))


def test_an_identity_that_knows_nobody_is_not_believed() -> None:
    with pytest.raises(Unavailable, match="our own project"):
        looking(Identity(THERE)).remains()


def test_a_project_that_is_there_is_none_that_is_deleted() -> None:
    with pytest.raises(Unavailable, match="not deleted"):
        looking(Identity(SERVICE_PROJECT, THERE)).remains([THERE])
    assert looking(Identity(SERVICE_PROJECT)).remains([GONE]) == []


def test_what_never_was_a_project_is_none_that_is_deleted() -> None:
    rooms = {"image": images("test", THERE.upper(), f"../{THERE}")}
    projects = looking(Identity(SERVICE_PROJECT, THERE), **rooms)
    assert projects.remains() == []
    for never in ("test", "", THERE.upper(), GONE + "\n"):
        with pytest.raises(Unavailable, match="no project's id"):
            projects.remains([never])


def test_things_are_their_owners() -> None:
    rooms = {"image": images(THERE, GONE, "")}
    projects = looking(Identity(SERVICE_PROJECT, THERE), **rooms)
    left = projects.remains()
    assert [(each.id, each.project_id) for each in left] == [("1", GONE)]
    assert left[0].path == "/v2/images/1"


def test_a_room_that_is_away_is_no_empty_room() -> None:
    away = OneAnswer(503, b"{}")
    with pytest.raises(Unavailable):
        looking(Identity(SERVICE_PROJECT), image=away).remains()


def test_a_store_that_does_not_tell_us_is_no_empty_store() -> None:
    rooms = {OBJECT_STORE: OneAnswer(403, b"")}
    with pytest.raises(Unavailable, match="answers 403"):
        looking(Identity(SERVICE_PROJECT), **rooms).remains([GONE])


def test_a_metric_of_a_resource_goes_with_it() -> None:
    (kind,) = (each for each in KINDS if each.name == "metric")
    metric = {"id": "m", "created_by_project_id": "b", "resource_id": None}
    assert owner_of(kind, metric) == "b"
    assert owner_of(kind, {**metric, "resource_id": "r"}) == ""

"""What projects that are no more have left."""

from __future__ import annotations

from typing import Any

from compute.secret import tables
from compute.secret.service import projects
from test.fakes.tokens import fake_token
from test.unit.compute.secret.house import OTHER, OWNER, House

SERVICE = fake_token("5e" * 16, "admin,service", "ringstack")


def _ask(house: House, method: str, path: str, token: str = SERVICE) -> tuple[int, Any]:
    headers = {"X-Auth-Token": token}
    with house.caller.request(method, f"/internal/projects{path}", headers) as answer:
        return answer.status, answer.json()


def test_nothing_of_a_project_is_left(house: House) -> None:
    for _ in range(projects.AT_ONCE + 1):
        ref = house.create("hush")
    house.contain(thing=ref)
    house.call("PUT", f"/secrets/{ref[-36:]}/acl", {"read": {"users": ["u2"]}})
    order = {"type": "key", "meta": {"algorithm": "aes", "bit_length": 128}}
    house.call("POST", "/orders", order)
    mine = house.create("hush", project=OTHER)
    found = {"projects": [{"id": OWNER}, {"id": OTHER}]}
    assert _ask(house, "GET", "") == (200, found)
    assert _ask(house, "GET", f"?limit=1&marker={OWNER}")[1] == {
        "projects": [{"id": OTHER}]
    }
    for token in (fake_token(OTHER), fake_token(OTHER, "admin")):
        assert _ask(house, "GET", "", token)[0] == 403
        assert _ask(house, "DELETE", f"/{OWNER}", token)[0] == 403
    assert _ask(house, "DELETE", f"/{OWNER}")[0] == 204
    assert _ask(house, "GET", "")[1] == {"projects": [{"id": OTHER}]}
    with house.database.engine.connect() as connection:
        for table, left in ((tables.payloads, 1), (tables.members, 0)):
            assert len(connection.execute(table.select()).all()) == left
        assert connection.execute(tables.readers.select()).all() == []
    assert house.client.payload(house.context(project=OTHER), mine) == b"hush"

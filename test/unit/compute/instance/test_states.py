"""Every (state, action) pair answers 2xx or 409, as the table says, and ends stable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from compute.instance.model import ACTIONS
from compute.instance.states import VmState
from test.unit.compute.instance.furnished import furnished_house
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import STATES, UNLIMITED, is_stable, requests

# Done by the table, asked for under another name, or without a request of their own.
WITHOUT_REQUEST = {
    "soft_delete",
    "steer_migration",
    "change_password",
    "add_security_group",
    "remove_security_group",
    "inject_network_info",
}
SEED = 20261121
WALKS, STEPS = 12, 12


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[House]:
    house = furnished_house(tmp_path, **UNLIMITED, soft_delete=3600.0)
    house.flavor("large", ram=1024, vcpus=2, disk=2)
    yield house
    house.close()


def test_the_table_has_a_request_for_every_action(crowded: House) -> None:
    assert set(requests(crowded)) == set(ACTIONS) - WITHOUT_REQUEST


@pytest.mark.parametrize("state", sorted(STATES))
def test_every_action_in_a_state(crowded: House, state: str) -> None:
    house, asked = crowded, requests(crowded)
    server_id = STATES[state](house)
    for name, ask in asked.items():
        server = house.instances.server(server_id)
        assert server.vm_state == state
        action = ACTIONS[name]
        legal = VmState(state) in action.vm_states and (
            server.task_state in {task.value for task in action.tasks}
        )
        got = ask(server_id)
        assert 200 <= got.status < 300 or got.status == 409, (name, got.body)
        assert (got.status < 300) == legal, (state, name, got.status, got.body)
        if got.status < 300:
            house.work()
            assert is_stable(house, server_id), (state, name)
            house.act(server_id, "forceDelete", roles="admin")
            house.work()
            server_id = STATES[state](house)
    house.act(server_id, "forceDelete", roles="admin")
    house.work()
    assert house.leftovers() == []


def test_random_walks_end_stable(crowded: House) -> None:
    house, random = crowded, Random(SEED)
    asked = requests(house)
    for walk in range(WALKS):
        server_id = house.boot(work=random.random() < 0.7)
        steps = []
        for _ in range(STEPS):
            name = random.choice(sorted(asked))
            got = asked[name](server_id)
            steps.append((name, got.status))
            gone = house.instances.server(server_id).deleted
            assert got.status < 300 or got.status == 409 or gone, (SEED, walk, steps)
            if gone:
                break
            for _ in range(random.randrange(3)):
                house.agent.run_pending(limit=1)
            if house.instances.server(server_id).deleted:
                break  # what was asked before has been done just now
        house.work()
        assert is_stable(house, server_id), (SEED, walk, steps)
        house.act(server_id, "forceDelete", roles="admin")
        house.work()
        assert house.instances.server(server_id).deleted, (SEED, walk, steps)
    assert house.leftovers() == []

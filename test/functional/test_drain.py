"""A device is drained: its replicas go elsewhere before it may go."""

from __future__ import annotations

import pytest

from test.functional.harness.http import Client
from test.functional.harness.operator import Operator
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER


@pytest.mark.slow
def test_drain(fresh_store: Store) -> None:
    client = Client(fresh_store.endpoint(), TESTER)
    client.ok("PUT", "box")
    for number in range(40):
        client.ok("PUT", "box", f"o{number}", body=b"%d" % number * 100)
    operator = Operator(fresh_store)
    found = operator.json("drain", "d4", "--force")
    assert {each["ring"] for each in found} == {"account", "container", "object"}
    assert all(each["left"] == 0 < each["partitions"] for each in found)
    assert operator.json("recon", status=1)["problems"], "servers have the old rings"

    def is_drained() -> bool:
        operator.daemon("replicator")
        return operator.run("verify").exit_code == 0

    wait_for(is_drained, "everything to be on three other devices", 90)
    told = operator.json("info", "object", TESTER.storage_account, "box", "o1")
    assert "d4" not in {each["device"] for each in told["replicas"][:3]}
    assert client.ok("GET", "box", "o1").body == b"1" * 100
    assert operator.run("drain", "d4", "--wait", "--json").exit_code == 0
    assert operator.run("drain", "nothing").exit_code == 2

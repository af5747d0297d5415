"""Three replicas on three zones, seen on the devices themselves."""

from __future__ import annotations

from collections import Counter

from test.functional.harness.devices import opened
from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.functional.test_objects import INLINE, pattern

ACCOUNT = TESTER.storage_account
SIZES = (0, 1, 4096, INLINE, INLINE + 1, 2 * 2**20)


def test_every_object_is_on_three_zones(own_store: Store) -> None:
    store = own_store
    client = Client(store.endpoint(), TESTER)
    client.ok("PUT", "container")
    kept: dict[str, bytes] = {}
    for number in range(60):
        name = f"object {number} ü"
        kept[name] = pattern(SIZES[number % len(SIZES)], seed=number)
        client.ok("PUT", "container", name, body=kept[name], X_Object_Meta_A="1")
    gone = [f"object {number} ü" for number in range(0, 60, 7)]
    for name in gone:
        client.ok("DELETE", "container", name)
        del kept[name]
    client.close()
    store.stop()

    used: Counter[str] = Counter()
    with opened(store) as devices:
        for name, body in kept.items():
            replicas = devices.replicas(ACCOUNT, "container", name)
            assert len(replicas) == 3, name
            assert len({replica.zone for replica in replicas}) == 3
            key = devices.key(ACCOUNT, "container", name)
            holders = {replica.device for replica in replicas}
            assert holders == devices.primaries("object", key)
            for replica in replicas:
                assert replica.state.exists
                assert replica.state.size == len(body)
                assert replica.state.metadata["X-Object-Meta-A"] == "1"
                assert replica.body == body, (name, replica.device)
            assert len({replica.state.timestamp for replica in replicas}) == 1
            used.update(holders)
        for name in gone:
            replicas = devices.replicas(ACCOUNT, "container", name)
            assert len({replica.zone for replica in replicas}) == 3
            assert not any(replica.state.exists for replica in replicas), name
        # Every device has its share.
        assert set(used) == set(devices.zones("object"))
        ordered = sorted(kept, key=lambda name: name.encode())
        for path, names in (
            ((ACCOUNT, "container"), ordered),
            ((ACCOUNT,), ["container"]),
        ):
            listings = devices.listings(*path)
            zones = devices.zones("container" if len(path) == 2 else "account")
            assert len({zones[device] for device in listings}) == 3
            assert all(listing == names for listing in listings.values()), path

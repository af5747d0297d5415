"""A store whose devices fill up: handoffs first, then 507; deletes always work."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from test.functional.device.ballast import take_all_room
from test.functional.harness.http import Client
from test.functional.harness.operator import Operator
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER

MIB = 1024 * 1024
# Room for the journals of containers and accounts, the indexes, and some objects.
DEVICE_MIB = 40
RESERVE_MIB, BODY_RESERVE_MIB = 8, 6
BODY = b"full" * 16 * 1024


@pytest.fixture
def small_store(tmp_path: Path) -> Iterator[Store]:
    """Four devices, each a small file system of its own."""
    store = Store.alone(tmp_path)
    mounted: list[Path] = []
    try:
        for path in store.device_directories():
            command = ["mount", "-t", "tmpfs", "-o", f"size={DEVICE_MIB}m", "ringstack"]
            done = subprocess.run([*command, str(path)], capture_output=True)
            if done.returncode:
                pytest.skip(f"cannot mount a tmpfs: {done.stderr.decode().strip()}")
            mounted.append(path)
        settings = store.place.settings_file("store")
        text = settings.read_text("utf-8").replace(
            "[server]\n",
            f"[server]\nreserve = {RESERVE_MIB} MiB\nsegment = 1 MiB\n"
            f"body_reserve = {BODY_RESERVE_MIB} MiB\nmount_check = yes\n",
        )
        settings.write_text(text, "utf-8")
        store.start()
        yield store
    finally:
        store.stop()
        for path in mounted:
            subprocess.run(["umount", "-l", str(path)], check=True)


def free(path: Path) -> int:
    found = subprocess.run(
        ["df", "--output=avail", "-B1", str(path)], capture_output=True, check=True
    )
    return int(found.stdout.split()[-1])


def fill(client: Client, prefix: str, limit: int = 10_000) -> tuple[list[str], str]:
    """Put until it is refused; the names that were taken, and the one that was not."""
    names: list[str] = []
    for number in range(limit):
        name = f"{prefix}{number:04}"
        answer = client.call("PUT", "box", name, body=BODY)
        if answer.status != 201:
            assert answer.status == 507, answer
            return names, name
        names.append(name)
    raise AssertionError("it never was full")


def test_a_full_store(small_store: Store) -> None:
    client = Client(small_store.endpoint(), TESTER)
    client.ok("PUT", "box")
    devices = small_store.device_directories()
    # One device is fuller than the others: its share goes to the handoff.
    ballast = devices[0] / "ballast"
    ballast.write_bytes(bytes(free(devices[0]) - (RESERVE_MIB + 5) * MIB))
    first = [f"early{n}" for n in range(20)]
    for name in first:
        client.ok("PUT", "box", name, body=BODY)
    operator = Operator(small_store)
    assert any(
        "is full" in text for text in operator.json("recon", status=1)["problems"]
    )

    taken, refused = fill(client, "o")
    names = first + taken
    assert len(names) > 100
    for path in devices:
        assert free(path) > RESERVE_MIB * MIB // 2, "compaction has no room any more"
    for name in names[:: len(names) // 20]:
        assert client.ok("GET", "box", name).body == BODY
    # Nothing of what was refused stays on a device that had room, to be told later.
    assert client.call("GET", "box", refused).status == 404
    operator.daemon("updater")
    assert sorted(names) == client.ok("GET", "box", query="format=json").names

    # Not a byte is left: what is there is read and listed, and may be deleted.
    others = [take_all_room(path) for path in devices]
    for name in names[:10]:
        assert client.ok("GET", "box", name).body == BODY
        client.ok("DELETE", "box", name)
        assert client.call("GET", "box", name).status == 404
    del names[:10]
    assert client.ok("GET", "box", query="format=json").names == sorted(names)
    for path in others:
        path.unlink()

    # Deleting works on a full store, and compaction gives the room back.
    # 404: most primaries were too full to ever hear of it; a tombstone all the same.
    for name in (*names, refused):
        assert client.call("DELETE", "box", name).status in (204, 404)
        assert client.call("GET", "box", name).status == 404
    wait_for(
        lambda: client.ok("GET", "box", query="format=json").names == [],
        "an empty listing",
    )
    ballast.unlink()

    def has_room() -> bool:
        operator.daemon("compaction")
        return client.call("PUT", "box", "again", body=BODY).status == 201

    wait_for(has_room, "room to come back", 60)
    second, _ = fill(client, "second")
    assert len(second) > len(names) // 2

"""Objects in fragments, with real processes: what stands above, losses, and healing.

One store for all: two machines, eight devices, 4 + 2 fragments.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from test.functional.harness.http import Client
from test.functional.harness.operator import Operator
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER
from test.functional.policies.coded import build, coded_store

SIZES = (0, 1, 5000, 262_144, 300_000, 1_000_000, 5_000_000)
BOX = "box"


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = coded_store(tmp_path_factory.mktemp("coded"), devices=8, nodes=2)
    with store.running():
        for node in range(2):
            wait_until_believed(store, node)
        yield store


def wait_until_believed(store: Store, node: int) -> None:
    """Who asked the other machine before it was there takes it for away for some
    seconds, and cannot tell without it that a container is new."""
    client = Client(store.endpoint(node), TESTER)
    wait_for(
        lambda: client.call("PUT", f"begun-{node}").status < 300,
        "the machines to know each other",
    )


@pytest.fixture(scope="module")
def kept(coded: Store) -> dict[str, bytes]:
    """Objects that no test changes."""
    client = Client(coded.endpoint(), TESTER)
    client.ok("PUT", BOX, X_Storage_Policy="coded")
    rng = random.Random(7)
    bodies = {f"o{n}": rng.randbytes(SIZES[n % len(SIZES)]) for n in range(7)}
    for name, body in bodies.items():
        client.ok("PUT", BOX, name, body=body)
    return bodies


def check(store: Store, kept: dict[str, bytes]) -> None:
    """Every byte, by every node."""
    for node in range(2):
        client = Client(store.endpoint(node), TESTER)
        for name, body in kept.items():
            found = client.ok("GET", BOX, name)
            assert found.body == body, name
        listed = client.ok("GET", BOX, query="format=json").json
        sizes = {entry["name"]: entry["bytes"] for entry in listed}
        assert sizes.items() >= {name: len(body) for name, body in kept.items()}.items()


def is_whole(store: Store) -> bool:
    """Whether every record and every fragment is where it should be, and good."""
    return Operator(store).run("verify", "--bodies").exit_code == 0


def fragment_files(device: Path) -> list[Path]:
    """Those of large objects; the others' are in the log."""
    return list((device / "fragments-1" / "bodies").glob("??/??/*"))


def wait_until_whole(store: Store) -> None:
    try:
        wait_for(lambda: is_whole(store), "everything to be where it should be", 40)
    except AssertionError:
        print(Operator(store).run("verify", "--bodies").output)
        raise


def test_what_stands_above(coded: Store, kept: dict[str, bytes]) -> None:
    client = Client(coded.endpoint(1), TESTER)
    client.ok("PUT", "above", X_Storage_Policy="coded", X_Versions_Enabled="true")
    client.ok("PUT", "plain")
    body, other = kept["o6"], kept["o3"]
    client.ok("COPY", BOX, "o6", Destination="above/copy")
    assert client.ok("GET", "above", "copy").body == body
    client.ok("COPY", BOX, "o6", Destination="plain/copy")
    assert client.ok("GET", "plain", "copy").body == body
    manifest = b'[{"path": "/box/o6"}, {"path": "/plain/copy", "range": "5-9"}]'
    client.ok("PUT", "above", "slo", query="multipart-manifest=put", body=manifest)
    assert client.ok("GET", "above", "slo").body == body + body[5:10]
    ranged = client.ok("GET", "above", "slo", Range="bytes=4999990-5000002")
    assert ranged.body == (body + body[5:10])[4_999_990:5_000_003]
    client.ok("PUT", "above", "dlo", body=b"", X_Object_Manifest="box/o3")
    assert client.ok("GET", "above", "dlo").body == other
    client.ok("PUT", "above", "copy", body=other)
    client.ok("POST", "above", "copy", X_Object_Meta_A="1")
    listed = client.ok("GET", "above", query="versions&prefix=copy").json
    assert [entry["bytes"] for entry in listed] == [len(other), len(body)]
    old = f"version-id={listed[1]['version_id']}"
    assert client.ok("GET", "above", "copy", query=old).body == body
    found = client.ok("HEAD", "above", "copy")
    assert found.headers["x-object-meta-a"] == "1"
    assert found.headers["content-length"] == str(len(other))
    assert not any("erasure" in name for name in found.headers)
    client.ok("PUT", "above", "short", body=other, X_Delete_After="1")
    wait_for(lambda: client.call("GET", "above", "short").status == 404, "its end", 10)
    chunks = iter([body[:1000], body[1000:]])
    client.ok("PUT", "above", "chunked", body=chunks)
    assert client.ok("GET", "above", "chunked").body == body
    quota = {"X_Container_Meta_Quota_Bytes": "100"}
    client.ok("PUT", "small", X_Storage_Policy="coded", **quota)
    assert client.call("PUT", "small", "o", body=b"x" * 101).status == 413


def test_tools_tell_of_fragments(coded: Store, kept: dict[str, bytes]) -> None:
    wait_until_whole(coded)
    operator = Operator(coded)
    told = operator.json("verify", "--bodies")
    fragments = told["results"]["fragments-1"]
    assert fragments["complete"] == fragments["keys"] > 0
    named = operator.json("info", "object", TESTER.storage_account, BOX, "o6")
    primaries = [each for each in named["replicas"] if "primary" in each["role"]]
    assert [each["fragments"] for each in primaries] == [[n] for n in range(6)]
    assert {each["state"]["size"] for each in primaries} == {len(kept["o6"])}
    assert named["ring"] == "object-1"
    ran = operator.daemon("reconstructor")
    assert {each["room"] for each in ran} == {"fragments"}
    assert not any(each["problem"] for each in ran)


def test_flipped_bits_are_found_and_mended(
    coded: Store, kept: dict[str, bytes]
) -> None:
    flipped = 0
    for device in coded.device_directories()[:2]:
        for path in fragment_files(device):
            if path.stat().st_size <= 100_000:
                continue
            flipped += 1
            with path.open("r+b") as file:
                file.seek(100_000)
                byte = file.read(1)[0]
                file.seek(100_000)
                file.write(bytes([byte ^ 1]))
    assert flipped
    check(coded, kept)
    for node in range(2):
        Operator(coded, node).daemon("auditor")
    wait_until_whole(coded)


def test_lost_devices_are_read_past_and_filled_again(
    coded: Store, kept: dict[str, bytes]
) -> None:
    coded.stop_node(0)
    for number in (0, 1):
        device = coded.device_directories()[number]
        shutil.rmtree(device)
        device.mkdir()
    coded.start_node(0)
    check(coded, kept)
    wait_until_whole(coded)


def test_killed_amid_writes(coded: Store, kept: dict[str, bytes]) -> None:
    """What was acknowledged is there, and what was not is the old or the new one."""
    setup = Client(coded.endpoint(), TESTER)
    setup.ok("PUT", "busy", X_Storage_Policy="coded")
    rng = random.Random(9)
    allowed: dict[str, list[bytes]] = {}
    stored: set[str] = set()
    stop = threading.Event()

    def write(number: int) -> None:
        name = f"w{number}"
        client = Client(coded.endpoint(), TESTER)
        while not stop.is_set():
            body = rng.randbytes(rng.choice(SIZES[1:-1]))
            allowed.setdefault(name, []).append(body)
            try:
                answer = client.call("PUT", "busy", name, body=body)
            except OSError:
                return
            if answer.status in (201, 202):
                allowed[name] = [body]
                stored.add(name)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for each in writers:
        each.start()
    wait_for(lambda: len(allowed) == 4, "some writes")
    threading.Event().wait(0.5)
    coded.kill_node(1)
    threading.Event().wait(0.5)
    coded.kill_node(0)
    stop.set()
    for each in writers:
        each.join()
    coded.start()
    client = Client(coded.endpoint(), TESTER)
    for name, bodies in allowed.items():
        found = client.call("GET", "busy", name)
        assert found.status in (200, 404), (name, found.status)
        if found.status == 200:
            assert found.body in bodies, name
        else:
            assert name not in stored
    check(coded, kept)


def test_a_new_ring_moves_them(coded: Store, kept: dict[str, bytes]) -> None:
    builder = coded.place.settings_directory / "object-1.builder"
    # Two of some partitions' six move at once: as many as may be missing.
    rebalances = [["rebalance", "--seed", seed] for seed in "23"]
    build(str(builder), ["set_weight", "d0", "0"], *rebalances)
    check(coded, kept)
    wait_until_whole(coded)
    check(coded, kept)
    drained = coded.device_directories()[0]
    wait_for(lambda: not fragment_files(drained), "the device to be empty")


def test_replaced_and_deleted_ones_leave_nothing(
    coded: Store, kept: dict[str, bytes]
) -> None:
    client = Client(coded.endpoint(), TESTER)
    before = sum(len(fragment_files(device)) for device in coded.device_directories())
    assert before
    client.ok("PUT", "gone", X_Storage_Policy="coded")
    for body in (kept["o6"], kept["o6"][::-1]):
        client.ok("PUT", "gone", "o", body=body)
    client.ok("DELETE", "gone", "o")
    wait_for(
        lambda: (
            sum(len(fragment_files(device)) for device in coded.device_directories())
            <= before
        ),
        "the fragments to go",
    )
    check(coded, kept)

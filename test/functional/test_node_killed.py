"""Each client goes on while one of three nodes is killed in the middle.

Uploads go on, everything uploaded before and after is readable and listed,
deletes hold; and when the node comes back, it tells nobody old news.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import boto3
import pytest
import swiftclient
from botocore.config import Config
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.tools import Rclone, curl, needs, swift
from test.functional.harness.users import COMMANDER, RECLONER, TESTER
from test.functional.test_objects import INLINE, pattern

VICTIM = 2
BACKGROUND_WRITES = 20
RACERS = 50


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The cluster of this module's tests; whole again after each of them."""
    store = Store.cluster(tmp_path_factory.mktemp("killed"))
    with store.running():
        yield store


@pytest.fixture
def mortal(fleet: Store) -> Iterator[Store]:
    """The cluster, all three nodes up; the killed one is brought back after."""
    yield fleet
    if not fleet.is_up(VICTIM):
        fleet.start_node(VICTIM)


def contents(count: int, seed: int) -> dict[str, bytes]:
    """Names and bytes, small ones and a few that do not fit into the log."""
    return {
        f"{seed}/grün {number}": pattern(
            INLINE + number if number % 5 == 4 else 100 * number, seed * 100 + number
        )
        for number in range(count)
    }


class Background:
    """Uploads without a pause until it is stopped; what was acknowledged."""

    def __init__(self, endpoint: str, container: str) -> None:
        self._client = Client(endpoint, TESTER)
        self._container = container
        self._stop = threading.Event()
        self.enough = threading.Event()
        self.acknowledged: dict[str, bytes] = {}
        self.refused: list[tuple[str, int]] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for number in itertools.count():
            if self._stop.is_set():
                return
            name, body = f"background-{number:05}", b"%d" % number * 50
            answer = self._client.call("PUT", self._container, name, body=body)
            if answer.status == 201:
                self.acknowledged[name] = body
            else:
                self.refused.append((name, answer.status))
            if len(self.acknowledged) % BACKGROUND_WRITES == 0:
                self.enough.set()

    def wait_for_more(self) -> None:
        self.enough.clear()
        assert self.enough.wait(30), "the uploads do not go on"

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._client.close()


def check(store: Store, node: int, container: str, wanted: dict[str, bytes]) -> None:
    """A node shows exactly this."""
    client = Client(store.endpoint(node), TESTER)
    listed = client.ok("GET", container, query="format=json").names
    assert listed == sorted(wanted, key=lambda name: name.encode())
    for name, body in wanted.items():
        assert client.ok("GET", container, name).body == body, name
    client.close()


def test_while_uploads_are_under_way(mortal: Store, name: str) -> None:
    client = Client(mortal.endpoint(0), TESTER)
    client.ok("PUT", name)
    background = Background(mortal.endpoint(1), name)
    try:
        background.wait_for_more()
        before = contents(10, 1)
        for each, body in before.items():
            client.ok("PUT", name, each, body=body)
        mortal.kill_node(VICTIM)
        after = contents(10, 2)
        for each, body in after.items():
            client.ok("PUT", name, each, body=body)
        background.wait_for_more()
        gone = [list(before)[3], list(after)[4]]
        for each in gone:
            assert client.call("DELETE", name, each).status == 204
        background.wait_for_more()
    finally:
        background.stop()
    assert background.refused == []
    wanted = {**before, **after, **background.acknowledged}
    for each in gone:
        del wanted[each]
        assert client.call("GET", name, each).status == 404
    for node in (0, 1):
        check(mortal, node, name, wanted)
    # Back again, and asked itself: it must not speak from memory.
    mortal.start_node(VICTIM)
    check(mortal, VICTIM, name, wanted)
    back = Client(mortal.endpoint(VICTIM), TESTER)
    for each in gone:
        assert back.call("GET", name, each).status == 404
    client.close()
    back.close()


def test_containers_metadata_and_rights(mortal: Store, name: str) -> None:
    client = Client(mortal.endpoint(0), TESTER)
    client.ok("PUT", f"{name}-before", X_Container_Meta_A="1")
    client.ok("PUT", f"{name}-before", "o", body=b"x", X_Object_Meta_A="1")
    client.ok("PUT", f"{name}-doomed")
    mortal.kill_node(VICTIM)
    client.ok("PUT", f"{name}-after", X_Container_Read=".r:*")
    client.ok("PUT", f"{name}-after", "o", body=b"y")
    client.ok("POST", f"{name}-before", X_Container_Meta_A="2", X_Container_Meta_B="3")
    client.ok("POST", f"{name}-before", "o", X_Object_Meta_A="2")
    client.ok("DELETE", f"{name}-doomed")
    put = client.call("PUT", f"{name}-after", "o", body=b"z", If_None_Match="*")
    assert put.status == 412
    put = client.call("PUT", f"{name}-after", "new", body=b"z", If_None_Match="*")
    assert put.status == 201
    copy = client.call("COPY", f"{name}-before", "o", Destination=f"{name}-after/copy")
    assert copy.status == 201
    mortal.start_node(VICTIM)
    for node in range(3):
        reader = Client(mortal.endpoint(node), TESTER)
        listed = reader.ok("GET", query=f"prefix={name}-").lines
        assert listed == [f"{name}-after", f"{name}-before"]
        head = reader.ok("HEAD", f"{name}-before").headers
        found = head["x-container-meta-a"], head["x-container-meta-b"]
        assert found == ("2", "3")
        head = reader.ok("HEAD", f"{name}-before", "o").headers
        assert head["x-object-meta-a"] == "2"
        assert reader.ok("GET", f"{name}-after").lines == ["copy", "new", "o"]
        public = Client(mortal.endpoint(node))
        assert (
            public.call("GET", f"{name}-after", "o", account="AUTH_test").body == b"y"
        )
        assert reader.call("HEAD", f"{name}-doomed").status == 404
        reader.close()
        public.close()
    client.close()


@pytest.mark.parametrize("face", ["swift", "s3"])
def test_of_many_racers_one_wins(mortal: Store, name: str, face: str) -> None:
    """The reservation of a name holds with a third of the replicas away."""
    owner = Client(mortal.endpoint(0), TESTER)
    owner.ok("PUT", name)
    mortal.kill_node(VICTIM)

    def by_swift(number: int, body: bytes) -> bool:
        client = Client(mortal.endpoint(number % 2))
        client.token, client.account = owner.token, owner.account
        answer = client.call("PUT", name, "prize", body=body, If_None_Match="*")
        client.close()
        assert answer.status in (201, 412)
        return answer.status == 201

    def by_s3(number: int, body: bytes) -> bool:
        client = boto3.client(
            "s3",
            endpoint_url=mortal.endpoint(number % 2),
            aws_access_key_id=TESTER.login,
            aws_secret_access_key=TESTER.key,
            region_name="us-east-1",
            config=Config(retries={"max_attempts": 1}),
        )
        try:
            client.put_object(Bucket=name, Key="prize", Body=body, IfNoneMatch="*")
        except ClientError as error:
            assert error.response["Error"]["Code"] in (
                "PreconditionFailed",
                "ConditionalRequestConflict",
            )
            return False
        return True

    put = by_swift if face == "swift" else by_s3
    bodies = [b"%02d" % number * 50 for number in range(RACERS)]
    with ThreadPoolExecutor(RACERS) as pool:
        won = list(pool.map(put, range(RACERS), bodies))
    assert won.count(True) == 1, won
    mortal.start_node(VICTIM)
    for node in range(3):
        reader = Client(mortal.endpoint(node), TESTER)
        assert reader.ok("GET", name, "prize").body == bodies[won.index(True)]
        assert reader.ok("GET", name).lines == ["prize"]
        reader.close()
    owner.close()


def test_the_client_library(mortal: Store, name: str) -> None:
    connection = swiftclient.Connection(
        f"{mortal.endpoint(1)}/auth/v1.0", TESTER.login, TESTER.key, retries=0
    )
    connection.put_container(name)
    wanted = contents(10, 1)
    for each, body in wanted.items():
        connection.put_object(name, each, body)
    mortal.kill_node(VICTIM)
    more = contents(10, 2)
    for each, body in more.items():
        connection.put_object(name, each, iter([body]))
    wanted |= more
    for each in list(wanted)[::6]:
        connection.delete_object(name, each)
        del wanted[each]
    _, listed = connection.get_container(name, full_listing=True, limit=4)
    assert [e["name"] for e in listed] == sorted(wanted, key=lambda n: n.encode())
    for each, body in wanted.items():
        assert connection.get_object(name, each)[1] == body
    connection.close()


def test_rclone(mortal: Store, name: str, tmp_path: Path) -> None:
    needs("rclone")
    rclone = Rclone(mortal.endpoint(0), RECLONER)
    remote = f"ring:{name}"
    write(tmp_path, contents(10, 1))
    rclone("copy", str(tmp_path), remote)
    mortal.kill_node(VICTIM)
    write(tmp_path, contents(10, 2))
    next((tmp_path / "1").iterdir()).unlink()
    rclone("sync", str(tmp_path), remote)
    rclone("check", "--download", str(tmp_path), remote)
    rclone("purge", remote)
    assert name not in rclone("lsd", "ring:").text


def test_the_swift_command(mortal: Store, name: str, tmp_path: Path) -> None:
    endpoint = mortal.endpoint(1)

    def run(*arguments: str) -> list[str]:
        return swift(endpoint, COMMANDER, *arguments, directory=tmp_path).lines

    first, second = contents(6, 1), contents(6, 2)
    write(tmp_path, {**first, **second})
    run("upload", name, "1")
    mortal.kill_node(VICTIM)
    run("upload", name, "2")
    ordered = sorted({**first, **second}, key=lambda each: each.encode())
    assert run("list", name) == ordered
    target = tmp_path / "out"
    target.mkdir()
    run("download", name, "--output-dir", str(target))
    for each, body in {**first, **second}.items():
        assert (target / each).read_bytes() == body
    run("delete", name)
    assert name not in run("list")


def test_curl(mortal: Store, name: str) -> None:
    client = Client(mortal.endpoint(0), TESTER)
    client.ok("PUT", name)
    base = f"{mortal.endpoint(0)}/v1/AUTH_test/{name}"
    token = ["-f", "-H", f"X-Auth-Token: {client.token}"]
    first, second = contents(5, 1), contents(5, 2)
    for each, body in first.items():
        curl(*token, "-T", "-", f"{base}/{quote(each)}", stdin=body)
    mortal.kill_node(VICTIM)
    for each, body in second.items():
        curl(*token, "-T", "-", f"{base}/{quote(each)}", stdin=body)
    for each, body in {**first, **second}.items():
        assert curl(*token, f"{base}/{quote(each)}").output == body
        curl(*token, "-X", "DELETE", f"{base}/{quote(each)}")
    assert curl(*token, base).output == b""
    client.close()


def write(root: Path, files: dict[str, bytes]) -> None:
    for each, body in files.items():
        path = root / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

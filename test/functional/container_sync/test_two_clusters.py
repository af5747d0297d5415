"""Two stores of one realm: objects, changes and deletions cross over, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from test.fakes.certificates import Authority
from test.functional.container_sync.tls_front import TlsFront
from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import STRANGER, TESTER

LARGE = bytes(range(256)) * 5000
TO = "X-Container-Sync-To"


def address(store: Store) -> tuple[str, int]:
    parts = urlsplit(store.endpoint())
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The one that the stores believe."""
    return Authority()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store]:
    """Both stores, before they are started."""
    east = Store.alone(tmp_path_factory.mktemp("east"))
    return east, Store.alone(tmp_path_factory.mktemp("west"), workers=2)


@pytest.fixture(scope="module")
def front(
    places: tuple[Store, Store],
    authority: Authority,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[TlsFront]:
    """The west, as it is reached: over TLS."""
    issued = authority.issue("localhost")
    with TlsFront(issued, tmp_path_factory.mktemp("tls"), address(places[1])) as made:
        yield made


@pytest.fixture(scope="module")
def impostor(
    places: tuple[Store, Store], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsFront]:
    """The west again, with a certificate by somebody else."""
    issued = Authority("somebody else").issue("localhost")
    with TlsFront(issued, tmp_path_factory.mktemp("other"), address(places[1])) as made:
        yield made


@pytest.fixture(scope="module")
def stores(
    places: tuple[Store, Store],
    authority: Authority,
    front: TlsFront,
    impostor: TlsFront,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Store, Store]]:
    east, west = places
    ca_file = tmp_path_factory.mktemp("trust") / "ca.pem"
    ca_file.write_bytes(authority.own.pem)
    realms = f"""
[main]
key = realm key
cluster_east = {east.endpoint()}/v1/
cluster_west = {front.url}
cluster_impostor = {impostor.url}
"""
    for store in (east, west):
        directory: Path = store.place.settings_directory
        (directory / "container-sync-realms.conf").write_text(realms)
        for settings in directory.glob("store.conf"):
            text = settings.read_text()
            text = text.replace(
                "[server]\n",
                f"[daemons]\nsync_rest = 200 ms\n[client]\nca_file = {ca_file}\n"
                "[server]\n",
            )
            settings.write_text(text)
    try:
        east.start()
        west.start()
        yield east, west
    finally:
        east.stop()
        west.stop()


def test_both_ways(stores: tuple[Store, Store]) -> None:
    east, west = (Client(store.endpoint(), TESTER) for store in stores)
    key = {"X-Container-Sync-Key": "owner's key"}
    for client, other in ((east, "west"), (west, "east")):
        to = {TO: f"//main/{other}/AUTH_test/both"}
        client.send("PUT", "both", headers={**key, **to})
    east.ok("PUT", "both", "from east é", body=b"1", X_Object_Meta_A="grün")
    east.ok("PUT", "both", "large", body=LARGE)
    west.ok("PUT", "both", "from west", body=b"2")
    names = ["from east é", "from west", "large"]

    def listed(client: Client) -> dict[str, tuple[str, str]]:
        entries = client.ok("GET", "both", query="format=json").json
        return {
            entry["name"]: (entry["hash"], entry["last_modified"]) for entry in entries
        }

    wait_for(lambda: sorted(listed(east)) == names == sorted(listed(west)), "sync")
    assert listed(east) == listed(west)
    answer = west.ok("GET", "both", "from east é")
    assert (answer.body, answer.headers["x-object-meta-a"]) == (b"1", "grün")
    assert west.ok("GET", "both", "large").body == LARGE
    west.ok("PUT", "both", "from east é", body=b"changed in the west")
    wait_for(lambda: listed(east) == listed(west), "the change")
    assert east.ok("GET", "both", "from east é").body == b"changed in the west"
    west.ok("DELETE", "both", "large")
    wait_for(lambda: "large" not in listed(east), "the deletion")


def test_nothing_is_told_to_a_cluster_that_cannot_prove_its_name(
    stores: tuple[Store, Store], impostor: TlsFront
) -> None:
    east, west = (Client(store.endpoint(), TESTER) for store in stores)
    key = {"X-Container-Sync-Key": "k"}
    west.send("PUT", "secret", headers=key)
    to = {TO: "//main/impostor/AUTH_test/secret"}
    east.send("PUT", "secret", headers={**key, **to})
    east.ok("PUT", "secret", "k", body=b"1")
    wait_for(lambda: impostor.refused, "the first try")
    assert west.ok("GET", "secret").body == b""


def test_segments_and_manifests(stores: tuple[Store, Store]) -> None:
    east, west = (Client(store.endpoint(), TESTER) for store in stores)
    key = {"X-Container-Sync-Key": "k"}
    west.send("PUT", "parts", headers=key)
    to = {TO: "//main/west/AUTH_test/parts"}
    east.send("PUT", "parts", headers={**key, **to})
    for number in range(2):
        east.ok("PUT", "parts", f"part{number}", body=LARGE)
    manifest = json.dumps([{"path": f"/parts/part{number}"} for number in range(2)])
    query = "multipart-manifest=put"
    east.ok("PUT", "parts", "a manifest", query=query, body=manifest)
    wait_for(
        lambda: west.call("HEAD", "parts", "a manifest").status == 200, "the manifest"
    )
    answer = west.ok("GET", "parts", "a manifest")
    assert answer.headers["x-static-large-object"] == "True"
    assert answer.body == LARGE * 2


def test_what_only_a_clients_key_opens_stays_and_holds_up_nothing(
    stores: tuple[Store, Store],
) -> None:
    """Its bytes would arrive without what says how they are sealed."""
    east, west = (Client(store.endpoint(), TESTER) for store in stores)
    key = {"X-Container-Sync-Key": "k"}
    west.send("PUT", "sealed", headers=key)
    east.send("PUT", "sealed", headers=key)
    s3 = boto3.client(
        "s3",
        endpoint_url=stores[0].endpoint(),
        aws_access_key_id=TESTER.login,
        aws_secret_access_key=TESTER.key,
        region_name="us-east-1",
    )
    secret = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    s3.put_object(Bucket="sealed", Key="a sealed one", Body=b"x", **secret)
    east.ok("PUT", "sealed", "plain", body=b"x")
    east.send("POST", "sealed", headers={TO: "//main/west/AUTH_test/sealed"})
    wait_for(lambda: west.call("HEAD", "sealed", "plain").status == 200, "the other")
    assert west.ok("GET", "sealed").lines == ["plain"]
    # Told once, and not in each round.
    told = "a sealed one: 400 cannot be read"
    assert stores[0].last_words().count(told) == 1
    for name in ("another", "a third"):
        east.ok("PUT", "sealed", name, body=b"y")
        wait_for(lambda: west.call("HEAD", "sealed", name).status == 200, name)  # noqa: B023
    assert stores[0].last_words().count(told) == 1


def test_keys_that_differ_are_said_and_can_be_mended(
    stores: tuple[Store, Store],
) -> None:
    east, west = (Client(store.endpoint(), TESTER) for store in stores)
    west.send("PUT", "keyed", headers={"X-Container-Sync-Key": "another"})
    to = {TO: "//main/west/AUTH_test/keyed"}
    east.send("PUT", "keyed", headers={"X-Container-Sync-Key": "k", **to})
    east.ok("PUT", "keyed", "o", body=b"1")
    told = "container sync of AUTH_test/keyed: the other cluster answers 401"
    wait_for(lambda: told in stores[0].last_words(), "the reason")
    west.send("POST", "keyed", headers={"X-Container-Sync-Key": "k"})
    wait_for(lambda: west.call("HEAD", "keyed", "o").status == 200, "the object")


def test_nobody_else_gets_in(stores: tuple[Store, Store]) -> None:
    east = Client(stores[0].endpoint(), TESTER)
    stranger = Client(stores[0].endpoint(), STRANGER)
    east.send("PUT", "guarded", headers={"X-Container-Sync-Key": "k"})
    for auth in ("main n 00", "main n", "other n 00", "main"):
        headers = {"X-Container-Sync-Auth": auth, "X-Timestamp": "1.0"}
        path = ("guarded", "o")
        answer = stranger.send(
            "PUT", *path, account="AUTH_test", headers=headers, body=b"x"
        )
        assert answer.status == 401
    for to in (
        "//main/west/a",
        "//none/west/a/c",
        "//main/none/a/c",
        "http://x/v1/a/c",
    ):
        assert east.send("POST", "guarded", headers={TO: to}).status == 400
    told = east.raw("GET", "/info").json["container_sync"]
    assert sorted(told["realms"]["MAIN"]["clusters"]) == ["EAST", "IMPOSTOR", "WEST"]

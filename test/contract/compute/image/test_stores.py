"""One suite for all places where the bytes of images are kept."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from compute.core.web.url_rules import UrlRules
from compute.image.imports.web import Web
from compute.image.stores.file import FileStore
from compute.image.stores.http import HttpStore
from compute.image.stores.port import ImageStore, ReadOnlyStore
from compute.image.stores.ring import ring_store
from compute.image.stores.s3 import S3Objects
from compute.image.stores.segments import SegmentedStore
from objectstore.client.in_process import InProcessCaller
from objectstore.client.swift import SwiftAccount
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.request import CONTEXT_KEY, Context
from test.fakes.servers import serve
from test.fakes.swift_store import SwiftStore
from test.fakes.tokens import FakeTokens
from test.fakes.web_site import WebSite
from test.unit.s3.house import ALICE, House

SEGMENT = 1000
CONTENT = bytes(range(256)) * 14 + b"tail"  # several segments, the last one short


def ring(directory: Path, stack: ExitStack) -> ImageStore:
    account = SwiftAccount(
        InProcessCaller(SwiftStore().app), FakeTokens(), "/v1/AUTH_service"
    )
    return ring_store(lambda: account, SEGMENT)


def file(directory: Path, stack: ExitStack) -> ImageStore:
    return FileStore(directory / "images")


def s3(directory: Path, stack: ExitStack) -> ImageStore:
    house = House()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        environ[CONTEXT_KEY] = Context(facts=house.cluster.app.facts)
        return house.app(environ, start_response)

    host, port = serve(application, stack)
    assert house.ask("PUT", "/images").status == 200
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id=ALICE.name,
        aws_secret_access_key=ALICE.secret,
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    return SegmentedStore("s3", "s3", S3Objects(client, "images"), SEGMENT)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture(params=[ring, file, s3], ids=lambda build: str(build.__name__))
def store(request: Any, tmp_path: Path, stack: ExitStack) -> ImageStore:
    built: ImageStore = request.param(tmp_path, stack)
    return built


def pieces(content: bytes = CONTENT, length: int = 300) -> Iterator[bytes]:
    for start in range(0, len(content), length):
        yield content[start : start + length]


def read(store: ImageStore, key: str, offset: int, length: int) -> bytes:
    return b"".join(store.read(key, offset, length))


def new_key(store: ImageStore) -> str:
    return store.new_key(str(uuid4()), str(uuid4()))


def test_bytes_come_back(store: ImageStore) -> None:
    key = new_key(store)
    store.write(key, pieces())
    assert read(store, key, 0, len(CONTENT)) == CONTENT


@pytest.mark.parametrize("offset", [0, 1, 999, 1000, 1001, 3587])
@pytest.mark.parametrize("length", [0, 1, 999, 1001, 2500])
def test_ranges_cross_segments(store: ImageStore, offset: int, length: int) -> None:
    length = min(length, len(CONTENT) - offset)
    key = new_key(store)
    store.write(key, pieces())
    assert read(store, key, offset, length) == CONTENT[offset : offset + length]


@pytest.mark.parametrize("length", [0, 1, SEGMENT, 2 * SEGMENT])
def test_sizes_at_the_edges(store: ImageStore, length: int) -> None:
    key = new_key(store)
    store.write(key, pieces(CONTENT[:length]))
    assert read(store, key, 0, length) == CONTENT[:length]


def test_writes_do_not_meet(store: ImageStore) -> None:
    image_id = str(uuid4())
    first = store.new_key(image_id, str(uuid4()))
    second = store.new_key(image_id, str(uuid4()))
    store.write(first, pieces(b"first"))
    store.write(second, pieces(b"second"))
    store.delete(first)
    assert read(store, second, 0, 6) == b"second"


def test_deleting_is_whole_and_repeatable(store: ImageStore) -> None:
    key = new_key(store)
    store.write(key, pieces())
    store.delete(key)
    with pytest.raises(Corrupt):
        read(store, key, 0, 1)
    store.delete(key)
    store.delete(new_key(store))


def test_a_write_that_breaks_off_can_be_cleared_away(store: ImageStore) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT[:2500]
        raise LookupError("the sender is gone")

    key = new_key(store)
    with pytest.raises(LookupError):
        store.write(key, broken())
    store.delete(key)
    with pytest.raises(Corrupt):
        read(store, key, 0, 1)


def test_a_key_of_another_kind_is_refused(store: ImageStore) -> None:
    for key in ("../../etc/passwd", "nonsense", ""):
        with pytest.raises(Corrupt):
            store.delete(key)


def test_what_they_say_of_themselves(store: ImageStore) -> None:
    assert store.id == store.kind and store.description
    assert not store.is_read_only


def test_the_web_is_read_only(stack: ExitStack) -> None:
    site = WebSite(stack)
    site.pages["/disk.img"] = CONTENT
    allowed = (ipaddress.ip_network("127.0.0.0/8"),)
    rules = UrlRules(
        frozenset({"http"}), frozenset(), frozenset(), frozenset(), allowed
    )
    web = HttpStore(Web(rules))
    key = site.url("/disk.img")
    assert read(web, key, 0, len(CONTENT)) == CONTENT
    assert read(web, key, 1001, 17) == CONTENT[1001:1018]
    assert read(web, key, 5, 0) == b""
    assert web.is_read_only
    with pytest.raises(ReadOnlyStore):
        new_key(web)
    with pytest.raises(ReadOnlyStore):
        web.write(key, pieces())
    web.delete(key)
    assert read(web, key, 0, 4) == CONTENT[:4]

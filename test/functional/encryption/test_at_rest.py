"""A store whose pipeline encrypts: clients notice nothing, devices hold nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from objectstore.middleware.order import DEFAULT_PIPELINE
from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER

SECRET = base64.b64encode(bytes(range(32))).decode()
NEEDLE = b"<never on any device in plain>"
LARGE = NEEDLE + bytes(range(256)) * 9000 + NEEDLE
SETTINGS = f"""
[pipeline:main]
pipeline = {" ".join(DEFAULT_PIPELINE)} encryption proxy-server

[filter:encryption]
use = egg:ringstack#encryption
encryption_root_secret = {SECRET}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store.alone(tmp_path_factory.mktemp("sealed"), workers=2)
    for plan in made.plans:
        with made.place.settings_file(plan.name).open("a") as settings:
            settings.write(SETTINGS)
    with made.running():
        yield made


def test_nothing_is_plain_on_the_devices(store: Store) -> None:
    client = Client(store.endpoint(), TESTER)
    client.ok("PUT", "c")
    client.ok("PUT", "c", "small", body=NEEDLE, X_Object_Meta_A=NEEDLE.decode())
    etag = client.ok("PUT", "c", "large", body=LARGE).headers["etag"]
    client.ok("PUT", "c", "chunked", body=iter([LARGE[:99_999], LARGE[99_999:]]))
    for name in ("large", "chunked"):
        answer = client.ok("GET", "c", name)
        assert (answer.body, answer.headers["etag"]) == (LARGE, etag)
        assert client.call("GET", "c", name, If_None_Match=etag).status == 304
        last = len(LARGE) - 1
        for first, end in ((0, last), (65_530, 131_080), (last - 5, last)):
            wish = f"bytes={first}-{end}"
            answer = client.call("GET", "c", name, Range=wish)
            assert (answer.status, answer.body) == (206, LARGE[first : end + 1])
    answer = client.ok("GET", "c", "small")
    assert answer.headers["x-object-meta-a"] == NEEDLE.decode()
    listed = {
        each["name"]: each for each in client.ok("GET", "c", query="format=json").json
    }
    assert listed["large"]["hash"] == etag
    assert listed["large"]["bytes"] == len(LARGE)
    for device in store.device_directories():
        for path in device.rglob("*"):
            if path.is_file():
                held = path.read_bytes()
                assert NEEDLE not in held, path
                assert etag.encode() not in held, path

"""The filters that a store has only when its operator wants them."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
import swiftclient.utils

from objectstore.middleware.order import DEFAULT_PIPELINE
from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER

ADDED = "list_endpoints crossdomain domain_remap name_check etag_quoter"


def _pipeline() -> str:
    names = list(DEFAULT_PIPELINE)
    names[names.index("s3") : names.index("s3")] = ADDED.split()
    names.insert(names.index("container_sync"), "ratelimit")
    return " ".join([*names, "proxy-server"])


SETTINGS = f"""
[pipeline:main]
pipeline = {_pipeline()}

[filter:domain_remap]
use = egg:ringstack#domain_remap
storage_domain = store.test

[filter:ratelimit]
use = egg:ringstack#ratelimit
account_ratelimit = 0
container_ratelimit_0 = 0.01
max_sleep_time_seconds = 0.001
rate_buffer_seconds = 0

[filter:tempurl]
use = egg:ringstack#tempurl
allowed_digests = sha1 sha256 sha512
"""


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the optional filters in its pipeline."""
    store = Store.alone(tmp_path_factory.mktemp("more"))
    for plan in store.plans:
        with store.place.settings_file(plan.name).open("a") as file:
            file.write(SETTINGS)
    with store.running():
        yield store


@pytest.fixture
def own(more: Store, name: str) -> Iterator[tuple[Client, str]]:
    client = Client(more.endpoint(), TESTER)
    client.ok("PUT", name)
    yield client, name
    client.close()


def test_old_digests_of_signed_urls(more: Store, own: tuple[Client, str]) -> None:
    """As registries of container images still sign."""
    client, container = own
    client.ok("POST", container, X_Container_Meta_Temp_Url_Key="key")
    client.ok("PUT", container, "layer", body="bytes")
    path = f"/v1/{client.account}/{container}/layer"
    url = swiftclient.utils.generate_temp_url(path, 60, "key", "GET", digest="sha1")
    anybody = Client(more.endpoint(), None)
    assert anybody.raw("GET", url).body == b"bytes"
    assert anybody.raw("GET", url.replace("layer", "other")).status == 401
    shown = orjson.loads(anybody.raw("GET", "/info").body)["tempurl"]
    assert shown["allowed_digests"] == ["sha1", "sha256", "sha512"]
    assert shown["deprecated_digests"] == ["sha1"]
    anybody.close()


def test_accounts_and_containers_in_host_names(own: tuple[Client, str]) -> None:
    client, container = own
    client.ok("PUT", container, "ü", body="content")
    host = f"{container}.auth-test.store.test"
    token = {"X-Auth-Token": client.token}
    got = client.raw("GET", "/%C3%BC", {"Host": host, **token})
    assert (got.status, got.body) == (200, b"content")
    account = {"Host": "auth-test.store.test", **token}
    assert client.raw("GET", f"/{container}/%C3%BC", account).body == b"content"
    deep = client.raw("GET", "/x", {"Host": f"a.b.{host}", **token})
    assert (deep.status, deep.text) == (400, "Bad domain in host header")


def test_the_policy_for_plug_ins(own: tuple[Client, str]) -> None:
    answer = own[0].raw("GET", "/crossdomain.xml")
    assert (answer.status, "<cross-domain-policy>" in answer.text) == (200, True)
    assert answer.headers["content-type"].startswith("application/xml")


@pytest.mark.parametrize("bad", ["a'b", "a<b", 'a"b', "a/../b", "k" * 256])
def test_names_that_make_trouble(own: tuple[Client, str], bad: str) -> None:
    client, container = own
    assert client.call("PUT", container, bad, body="x").status == 400
    assert client.ok("GET", container).lines == []


def test_etags_in_quotes(own: tuple[Client, str]) -> None:
    client, container = own
    plain = client.ok("PUT", container, "k", body="x").headers["etag"]
    client.ok("POST", container, X_Container_Rfc_Compliant_Etags="true")
    assert client.ok("GET", container, "k").headers["etag"] == f'"{plain}"'
    client.ok("POST", container, X_Remove_Container_Rfc_Compliant_Etags="x")
    assert client.ok("GET", container, "k").headers["etag"] == plain


def test_where_things_are(own: tuple[Client, str]) -> None:
    client, container = own
    path = f"{client.account}/{container}/k"
    places = client.raw("GET", f"/endpoints/v1/{path}")
    assert (places.status, len(places.json)) == (200, 3)
    assert all(place.endswith(path) for place in places.json)
    newer = client.raw("GET", f"/endpoints/v2/{path}").json
    assert newer["headers"]["X-Backend-Storage-Policy-Index"] == "0"
    assert len(newer["endpoints"]) == 3


def test_whoever_writes_too_fast_is_told(own: tuple[Client, str]) -> None:
    client, container = own
    client.ok("PUT", container, "first", body="x")
    statuses = [client.call("POST", container, "first").status for _ in range(4)]
    assert statuses[-1] == 498
    assert client.ok("GET", container, "first").body == b"x"

"""Wrong input: the status and short text that Swift's clients know."""

from __future__ import annotations

import pytest

from objectstore.proxy.protocol import limits
from test.unit.proxy.cluster import Cluster


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    made = Cluster()
    made.make_container("/a/c")
    made.put("/a/c/o")
    return made


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1", 412),
        ("/v1/", 412),
        ("/", 404),
        ("/v2/a", 404),
        ("/v2/a/c/o", 404),
        ("/v1//c", 404),
        ("/v1/a//o", 404),
        ("/v1//c/o", 404),
        ("/v1/a/", 200),
        ("/v1/a/c/", 200),
        ("/v1.0/a/c", 200),
        ("/v1/a/\xff", 412),
        ("/v1/a/b\x00", 412),
        ("/v1/a/c/b\x00", 412),
    ],
)
def test_paths(cluster: Cluster, path: str, status: int) -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": ""}
    assert cluster.call(environ).status == status


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/a", "DELETE, GET, HEAD, POST, PUT"),
        ("/a/c", "DELETE, GET, HEAD, POST, PUT"),
        ("/a/c/o", "DELETE, GET, HEAD, POST, PUT"),
    ],
)
def test_unknown_verbs(cluster: Cluster, path: str, allow: str) -> None:
    answer = cluster.ask("PATCH", path)
    assert (answer.status, answer.headers["Allow"]) == (405, allow)


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        ("GET", "/" + "a" * 257, "Account name length of 257 longer than 256"),
        ("PUT", "/a/" + "c" * 257, "Container name length of 257 longer than 256"),
        ("PUT", "/a/" + "ü" * 129, "Container name length of 258 longer than 256"),
        ("PUT", "/a/c/" + "o" * 1025, "Object name length of 1025 longer than 1024"),
        ("PUT", "/a/c/" + "€" * 342, "Object name length of 1026 longer than 1024"),
    ],
)
def test_long_names(cluster: Cluster, method: str, path: str, text: str) -> None:
    answer = cluster.ask(method, path, {}, b"")
    assert (answer.status, answer.text()) == (400, text)


def test_longest_names(cluster: Cluster) -> None:
    container = f"/{'a' * 256}/{'ü' * 128}"
    assert cluster.ask("PUT", container).status == 201
    assert cluster.put(f"{container}/{'€' * 341}").status == 201
    assert cluster.ask("GET", container).text() == "€" * 341 + "\n"


@pytest.mark.parametrize("kind", ["object", "container", "account"])
@pytest.mark.parametrize(
    ("items", "status"),
    [
        ({"a" * 128: "x"}, 200),
        ({"a" * 129: "x"}, 400),
        ({"a": "x" * 256}, 200),
        ({"a": "x" * 257}, 400),
        ({"a": "ü" * 129}, 400),
        ({f"n{number}": "x" for number in range(90)}, 200),
        ({f"n{number}": "x" for number in range(91)}, 400),
        ({f"n{number:02d}": "x" * 253 for number in range(16)}, 200),
        ({f"n{number:02d}": "x" * 254 for number in range(16)}, 400),
        ({"": "x"}, 400),
    ],
)
def test_metadata_limits(kind: str, items: dict[str, str], status: int) -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    cluster.put("/a/c/o")
    path = {"object": "/a/c/o", "container": "/a/c", "account": "/a"}[kind]
    headers = {f"X-{kind}-Meta-{name}": value for name, value in items.items()}
    answer = cluster.ask("POST", path, headers)
    assert (answer.status < 300) == (status == 200), answer.body
    if status != 200:
        assert answer.status == status


def test_published_limits() -> None:
    assert limits.published()["max_file_size"] == 5 * 1024**3 + 2
    assert limits.published()["container_listing_limit"] == 10_000


def test_describes_itself(cluster: Cluster) -> None:
    told: dict[str, object] = {}

    class Registry:
        def add(self, section: str, **facts: object) -> None:
            assert section == "swift"
            told.update(facts)

    cluster.app.describe(Registry())
    assert told["max_object_name_length"] == 1024
    assert told["policies"] == [
        {"name": "Policy-0", "aliases": "Policy-0", "default": True}
    ]

"""System metadata that a body knows only at its end."""

from __future__ import annotations

import io

from test.unit.proxy.cluster import Cluster

NAME = "X-Object-Sysmeta-Sum"


class Summed(io.BytesIO):
    """A body that counts what was read of it."""

    def footers(self) -> dict[str, str]:
        return {NAME: str(self.tell())}


def test_footers_are_stored_with_small_and_large_bodies() -> None:
    cluster = Cluster()
    cluster.ask("PUT", "/a")
    cluster.ask("PUT", "/a/c")
    for size in (0, 10, 600_000):
        length = {"Content-Length": str(size)}
        answer = cluster.ask("PUT", "/a/c/o", length, Summed(bytes(size)))
        assert answer.status == 201
        assert cluster.ask("HEAD", "/a/c/o").headers[NAME] == str(size)


def test_parameters_of_a_listed_etag_become_fields() -> None:
    cluster = Cluster()
    cluster.ask("PUT", "/a")
    cluster.ask("PUT", "/a/c")
    listed = {"X-Object-Sysmeta-Container-Update-Override-Etag": "aa; s3_etag=bb-2"}
    cluster.ask("PUT", "/a/c/o", listed, b"x")
    page = cluster.ask("GET", "/a/c", query="format=json").text()
    assert '"hash":"aa"' in page
    assert '"s3_etag":"\\"bb-2\\""' in page

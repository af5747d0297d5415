"""Archives that become objects, and lists of deletions."""

from __future__ import annotations

import io
import tarfile
from urllib.parse import quote

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.users import STRANGER

FILES = {"a": b"first", "dir/ü b": b"second", "empty": b""}
JSON = {"Accept": "application/json"}


def archive(mode: str, files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=f"w:{mode}") as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target.getvalue()


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.bz2"])
def test_an_archive_becomes_objects(client: Client, container: str, kind: str) -> None:
    body = archive(kind.removeprefix("tar").removeprefix("."), FILES)
    query = f"extract-archive={kind}"
    answer = client.send("PUT", container, "pre", body=body, query=query, headers=JSON)
    assert (answer.status, answer.json["Response Status"]) == (200, "201 Created")
    assert (answer.json["Number Files Created"], answer.json["Errors"]) == (3, [])
    for name, content in FILES.items():
        assert client.ok("GET", container, f"pre/{name}").body == content


def test_an_archive_that_is_none_or_cut(client: Client, container: str) -> None:
    for body in (b"no archive at all", archive("gz", FILES)[:40]):
        answer = client.send(
            *("PUT", container),
            body=body,
            query="extract-archive=tar.gz",
            headers=JSON,
        )
        assert answer.json["Response Status"].startswith("400")
    assert client.ok("GET", container).lines == []


def test_an_archive_cannot_leave_its_place(client: Client, container: str) -> None:
    body = archive("", {"../../other/x": b"x", "/abs": b"y"})
    client.send("PUT", container, body=body, query="extract-archive=tar", headers=JSON)
    found = client.ok("GET", container, query="format=json").names
    assert all(name.endswith(("other/x", "abs")) for name in found)
    assert client.call("HEAD", "other").status == 404


def test_many_are_deleted(client: Client, container: str) -> None:
    names = ["a", "ü/b", "c d"]
    for name in names:
        client.ok("PUT", container, name, body="x")
    lines = [f"{container}/{quote(name)}" for name in [*names, "missing"]]
    answer = client.send(
        "POST", query="bulk-delete", body="\n".join([*lines, container]), headers=JSON
    )
    told = answer.json
    assert (told["Number Deleted"], told["Number Not Found"]) == (4, 1)
    assert (told["Response Status"], told["Errors"]) == ("200 OK", [])
    assert client.call("HEAD", container).status == 404


def test_deletions_that_fail_are_told(client: Client, container: str) -> None:
    # Two go at a time: what is to keep the container must not be on the list.
    for name in ("k", "stays"):
        client.ok("PUT", container, name, body="x")
    body = f"{container}\n{container}/k"
    answer = client.send("POST", query="bulk-delete", body=body, headers=JSON)
    assert answer.json["Response Status"] == "400 Bad Request"
    assert [status for _, status in answer.json["Errors"]] == ["409 Conflict"]


def test_strangers_delete_and_extract_nothing(
    client: Client, connect: Connect, container: str
) -> None:
    client.ok("PUT", container, "k", body="x")
    stranger = connect(STRANGER)
    deleted = stranger.send(
        *("POST",),
        account=client.account,
        query="bulk-delete",
        body=f"{container}/k",
        headers=JSON,
    )
    assert deleted.status in (200, 403)
    extracted = stranger.send(
        *("PUT", container),
        account=client.account,
        query="extract-archive=tar",
        body=archive("", FILES),
        headers=JSON,
    )
    assert extracted.status in (200, 403)
    assert client.ok("GET", container).lines == ["k"]

"""Every limit of names and metadata: at it, and one over."""

from __future__ import annotations

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.users import RESELLER


def test_object_names(client: Client, container: str) -> None:
    for letter in ("x", "ä", "日", "🎉"):
        width = len(letter.encode())
        fits = letter * (1024 // width) + "x" * (1024 % width)
        assert len(fits.encode()) == 1024
        assert client.call("PUT", container, fits, body=b"1").status == 201
        assert client.ok("GET", container, fits).body == b"1"
        over = client.call("PUT", container, fits + "x", body=b"1")
        assert over.status == 400
        assert over.text == "Object name length of 1025 longer than 1024"
        client.ok("DELETE", container, fits)


def test_container_names(client: Client, name: str) -> None:
    fits = f"{name}-{'ä' * 100}"
    fits += "x" * (256 - len(fits.encode()))
    assert len(fits.encode()) == 256
    assert client.call("PUT", fits).status == 201
    client.ok("PUT", fits, "o" * 1024, body=b"1")
    assert client.ok("GET", fits).lines == ["o" * 1024]
    client.ok("DELETE", fits, "o" * 1024)
    client.ok("DELETE", fits)
    over = client.call("PUT", fits + "x")
    assert over.status == 400
    assert over.text == "Container name length of 257 longer than 256"


def test_account_names(connect: Connect, name: str) -> None:
    reseller = connect(RESELLER)
    fits = f"AUTH_{name}".ljust(256, "x")
    assert reseller.call("HEAD", account=fits).status == 204
    over = reseller.call("HEAD", account=fits + "x")
    assert over.status == 400
    assert reseller.call("GET", account=fits + "x").text == (
        "Account name length of 257 longer than 256"
    )


KINDS = ("Object", "Container", "Account")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def metadata_put(
    reseller: Client, kind: str, name: str, items: dict[str, str], method: str = "PUT"
) -> tuple[int, str]:
    """Set metadata on something of that kind of its own."""
    account = f"AUTH_limits-{name}"
    path = {"Object": ("c", "o"), "Container": ("c",), "Account": ()}[kind]
    if kind == "Account":
        method = "POST"
    headers = {f"X-{kind}-Meta-{key}": value for key, value in items.items()}
    body = b"x" if kind == "Object" and method == "PUT" else None
    answer = reseller.send(method, *path, account=account, headers=headers, body=body)
    if answer.status < 300:
        shown = reseller.ok("HEAD", *path, account=account).headers
        for key, value in items.items():
            assert shown[f"x-{kind}-meta-{key}".lower()] == value
    return answer.status, answer.text


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_metadata(connect: Connect, name: str, kind: str, method: str) -> None:
    reseller = connect(RESELLER)
    account = f"AUTH_limits-{name}"
    reseller.ok("PUT", "c", account=account)
    reseller.ok("PUT", "c", "o", body=b"", account=account)

    def put(items: dict[str, str]) -> tuple[int, str]:
        outcome = metadata_put(reseller, kind, name, items, method)
        if kind != "Object":  # there it adds up
            headers = {f"X-Remove-{kind}-Meta-{key}": "x" for key in items}
            path = ("c",) if kind == "Container" else ()
            reseller.send("POST", *path, account=account, headers=headers)
        return outcome

    good = (201, 202, 204)
    assert put({"n" * 128: "v"})[0] in good
    assert put({"n" * 129: "v"}) == (400, "Metadata name too long: 129")
    assert put({"A": "v" * 256})[0] in good
    assert put({"A": "ä" * 128})[0] in good
    assert put({"A": "v" * 257}) == (400, "Metadata value longer than 256: A")
    assert put({"A": "ä" * 128 + "v"})[0] == 400
    assert put({f"N{n:02}": "v" for n in range(90)})[0] in good
    assert put({f"N{n:02}": "v" for n in range(91)}) == (
        400,
        "Too many metadata items; max 90",
    )
    whole = {f"Name{n:02}": "v" * 250 for n in range(16)}
    assert sum(map(len, whole)) + 16 * 250 == 4096
    assert put(whole)[0] in good
    assert put({**whole, "Name00": "v" * 251}) == (
        400,
        "Total metadata too large; max 4096",
    )
    assert put({"": "v"}) == (400, "Metadata name cannot be empty")


def test_many_small_changes_add_up(connect: Connect, name: str) -> None:
    reseller = connect(RESELLER)
    account = f"AUTH_sum-{name}"
    reseller.ok("PUT", "c", account=account)
    for kind, path in (("Container", ("c",)), ("Account", ())):
        for number in range(90):
            headers = {f"X-{kind}-Meta-N{number}": "v"}
            answer = reseller.send("POST", *path, account=account, headers=headers)
            assert answer.status == 204, (kind, number)
        headers = {f"X-{kind}-Meta-Over": "v"}
        answer = reseller.send("POST", *path, account=account, headers=headers)
        assert answer.status == 400, kind
        # What replaces or removes is always welcome.
        headers = {f"X-{kind}-Meta-N0": "w", f"X-Remove-{kind}-Meta-N1": "x"}
        answer = reseller.send("POST", *path, account=account, headers=headers)
        assert answer.status == 204, kind


def test_header_values(client: Client, container: str) -> None:
    fits = {"Content-Type": "x/" + "y" * 8190}
    answer = client.send("PUT", container, "o", body=b"", headers=fits)
    assert answer.status == 201
    assert (
        client.ok("HEAD", container, "o").headers["content-type"]
        == (fits["Content-Type"])
    )
    for header in ("Content-Type", "Content-Disposition", "Cache-Control"):
        over = {header: "x/" + "y" * 8191}
        answer = client.send("PUT", container, "o", body=b"", headers=over)
        assert answer.status == 400, header
    # Longer than any header line may be.
    answer = client.send("PUT", container, "o", body=b"", headers={"A": "x" * 17_000})
    assert answer.status == 431
    answer = client.raw("GET", "/v1/AUTH_test/" + "x" * 17_000)
    assert answer.status == 414

"""Containers: PUT, HEAD, GET, POST, DELETE; metadata; storage policies."""

from __future__ import annotations

import pytest
import swiftclient

from test.functional.harness.http import Client


def metadata(client: Client, container: str) -> dict[str, str]:
    headers = client.ok("HEAD", container).headers
    return {k[17:]: v for k, v in headers.items() if k.startswith("x-container-meta-")}


def test_life(client: Client, name: str) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE"):
        assert client.call(method, name).status == 404, method
    assert client.call("PUT", name).status == 201
    assert client.call("PUT", name).status == 202
    head = client.call("HEAD", name)
    assert head.status == 204
    assert head.headers["x-container-object-count"] == "0"
    assert head.headers["x-container-bytes-used"] == "0"
    assert head.headers["x-storage-policy"] == "Policy-0"
    assert head.headers["accept-ranges"] == "bytes"
    for header in ("x-timestamp", "x-put-timestamp"):
        assert len(head.headers[header]) == 16
    assert head.headers["last-modified"].endswith(" GMT")
    assert client.call("POST", name).status == 204
    assert client.call("GET", name).status == 204
    assert client.call("DELETE", name).status == 204
    assert client.call("DELETE", name).status == 404
    assert name not in client.call("GET").lines
    assert client.call("PUT", name).status == 201


def test_what_is_not_empty_is_not_deleted(client: Client, container: str) -> None:
    client.ok("PUT", container, "object", body=b"x")
    refused = client.call("DELETE", container)
    assert refused.status == 409
    assert b"conflict" in refused.body.lower()
    assert client.ok("GET", container, "object").body == b"x"
    client.ok("DELETE", container, "object")
    assert client.call("DELETE", container).status == 204


def test_metadata_is_set_replaced_and_removed(client: Client, name: str) -> None:
    client.ok("PUT", name, X_Container_Meta_A="1", X_Container_Meta_B="2")
    assert metadata(client, name) == {"a": "1", "b": "2"}
    client.ok("PUT", name, X_Container_Meta_A="3")
    assert metadata(client, name) == {"a": "3", "b": "2"}
    client.ok("POST", name, X_Container_Meta_C="4", X_Remove_Container_Meta_A="x")
    assert metadata(client, name) == {"b": "2", "c": "4"}
    client.ok("POST", name, X_Container_Meta_B="", X_Container_Meta_C="größer")
    assert metadata(client, name) == {"c": "größer"}
    # Both at once: the new value wins.
    client.ok("POST", name, X_Container_Meta_C="5", X_Remove_Container_Meta_C="x")
    assert metadata(client, name) == {"c": "5"}


def test_a_deleted_containers_metadata_does_not_come_back(
    client: Client, name: str
) -> None:
    client.ok("PUT", name, X_Container_Meta_A="1", X_Container_Read=".r:*")
    client.ok("DELETE", name)
    client.ok("PUT", name)
    assert metadata(client, name) == {}
    assert "x-container-read" not in client.ok("HEAD", name).headers


def test_storage_policies(client: Client, name: str) -> None:
    assert client.call("PUT", name, X_Storage_Policy="Policy-0").status == 201
    assert client.call("PUT", name, X_Storage_Policy="policy-0").status == 202
    assert client.call("PUT", name + "x", X_Storage_Policy="gold").status == 400
    assert client.call("HEAD", name + "x").status == 404


def test_counts_are_exact_at_once(client: Client, container: str) -> None:
    total = 0
    for number in range(20):
        total += number
        client.ok("PUT", container, f"o{number}", body=b"x" * number)
        head = client.ok("HEAD", container).headers
        assert head["x-container-object-count"] == str(number + 1)
        assert head["x-container-bytes-used"] == str(total)
    for number in range(20):
        total -= number
        client.ok("DELETE", container, f"o{number}")
        head = client.ok("HEAD", container).headers
        assert head["x-container-object-count"] == str(19 - number)
        assert head["x-container-bytes-used"] == str(total)


def test_the_client_library_with_containers(endpoint: str, name: str) -> None:
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    )
    connection.put_container(name, headers={"X-Container-Meta-Colour": "blau"})
    connection.post_container(name, {"X-Container-Meta-Size": "groß"})
    headers = connection.head_container(name)
    assert headers["x-container-meta-colour"] == "blau"
    assert headers["x-container-meta-size"] == "groß"
    connection.put_object(name, "a", b"1")
    with pytest.raises(swiftclient.ClientException) as error:
        connection.delete_container(name)
    assert error.value.http_status == 409
    connection.delete_object(name, "a")
    connection.delete_container(name)
    with pytest.raises(swiftclient.ClientException) as error:
        connection.head_container(name)
    assert error.value.http_status == 404

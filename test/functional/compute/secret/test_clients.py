"""The key manager by its unmodified clients: python-barbicanclient, its commands in
``openstack``, and openstacksdk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openstack.connection import Connection

from test.functional.compute.house import RunningCloud

barbican = pytest.importorskip("barbicanclient.client")
HTTPClientError = pytest.importorskip("barbicanclient.exceptions").HTTPClientError

PASSWORD = "a password of a test"
ABSENT = "/v1/secrets/00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def people(cloud: RunningCloud) -> Iterator[dict[str, Connection]]:
    """Ann and cleo of one project, bob of another."""
    admin = cloud.sdk()
    found: dict[str, Connection] = {"admin": admin}
    member = admin.identity.find_role("member")
    for name, project in (("ann", "anns"), ("cleo", "anns"), ("bob", "bobs")):
        home = admin.identity.find_project(project) or admin.identity.create_project(
            name=project, domain_id="default"
        )
        user = admin.identity.create_user(
            name=name, password=PASSWORD, domain_id="default"
        )
        admin.identity.assign_project_role_to_user(home, user, member)
        found[name] = cloud.sdk(username=name, password=PASSWORD, project_name=project)
    yield found
    for connection in found.values():
        connection.close()


def _client(connection: Connection) -> Any:
    return barbican.Client(session=connection.session, region_name="RegionOne")


def test_a_life_by_the_command(cloud: RunningCloud) -> None:
    stored = cloud.openstack(
        "secret", "store", "--name", "pw", "--payload", "hush", "-f", "json"
    )
    ref = stored["Secret href"]
    shown = cloud.openstack("secret", "get", ref, "--payload", "-f", "json")
    assert shown == {"Payload": "hush"}
    (listed,) = cloud.openstack("secret", "list", "--name", "pw")
    assert (listed["Secret href"], listed["Status"]) == (ref, "ACTIVE")
    part = ("--type", "certificate", "--secret", f"certificate={ref}")
    made = cloud.openstack("secret", "container", "create", "--name", "tls", *part)
    assert made["Certificate"] == ref
    key = ("--algorithm", "aes", "--bit-length", "256", "--name", "k")
    cloud.openstack("secret", "order", "create", "key", *key)
    (order,) = cloud.openstack("secret", "order", "list")
    assert order["Status"] == "ACTIVE"
    (acl,) = cloud.openstack("acl", "submit", "--user", "ab" * 16, ref, "-f", "json")
    assert acl["Users"] == ["ab" * 16]
    cloud.openstack("secret", "container", "delete", made["Container href"])
    cloud.openstack("secret", "delete", ref)
    missing = cloud.run_openstack("secret", "get", ref, expected=None)
    assert missing.status != 0
    assert "Not Found" in missing.errors


def test_a_secret_between_people(people: dict[str, Connection]) -> None:
    ann, bob, cleo = (_client(people[name]) for name in ("ann", "bob", "cleo"))
    secret = ann.secrets.create(name="s", payload=b"\0\xff", secret_type="symmetric")
    ref = secret.store()
    assert ann.secrets.get(ref).payload == b"\0\xff"
    with pytest.raises(HTTPClientError, match="Not Found"):
        _ = bob.secrets.get(ref).payload
    bobs_id = people["bob"].current_user_id
    acl = ann.acls.create(ref, users=[bobs_id], project_access=False)
    acl.submit()
    assert bob.secrets.get(ref).payload == b"\0\xff"
    with pytest.raises(HTTPClientError, match="Forbidden"):
        _ = cleo.secrets.get(ref).payload
    with pytest.raises(HTTPClientError, match="Forbidden"):
        bob.secrets.delete(ref, force=True)
    ann.acls.get(ref).remove()
    assert cleo.secrets.get(ref).payload == b"\0\xff"
    ann.secrets.register_consumer(ref, "image", "images", "i1")
    (used,) = ann.secrets.get(ref).consumers
    assert used["resource_id"] == "i1"
    with pytest.raises(HTTPClientError, match="Conflict"):
        ann.secrets.delete(ref)
    ann.secrets.delete(ref, force=True)


def test_orders_and_containers(people: dict[str, Connection]) -> None:
    ann = _client(people["ann"])
    order = ann.orders.create_asymmetric(
        name="pair", algorithm="rsa", bit_length=2048, pass_phrase="Sesam"
    )
    ref = order.submit()
    container = ann.containers.get(ann.orders.get(ref).container_ref)
    assert container.private_key.payload.startswith(b"-----BEGIN ENCRYPTED PRIVATE")
    assert container.public_key.payload.startswith(b"-----BEGIN PUBLIC KEY")
    assert container.private_key_passphrase.payload == "Sesam"
    ann.containers.register_consumer(container.container_ref, "me", "http://me/1")
    again = ann.containers.get(container.container_ref)
    assert again.consumers == [{"name": "me", "URL": "http://me/1"}]
    assert len(ann.orders.list()) == 1
    ann.orders.delete(ref)
    ann.containers.delete(container.container_ref)


def test_the_sdk(people: dict[str, Connection]) -> None:
    proxy = people["ann"].key_manager
    made = proxy.create_secret(
        name="sdk", payload="schön", payload_content_type="text/plain"
    )
    shown = proxy.get_secret(made.secret_id)
    assert (shown.payload, shown.name) == ("schön", "sdk")
    names = {each.name for each in proxy.secrets(limit=1)}
    assert "sdk" in names
    refs = [{"name": "a", "secret_ref": made.secret_ref}]
    kept = proxy.create_container(name="c", type="generic", secret_refs=refs)
    assert proxy.get_container(kept.container_id).secret_refs == refs
    meta = {"name": "k", "algorithm": "aes", "bit_length": 128}
    order = proxy.create_order(type="key", meta=meta)
    assert proxy.get_order(order.order_id).status == "ACTIVE"
    proxy.delete_container(kept.container_id, ignore_missing=False)
    # By the object its request has the whole reference for an id.
    proxy.delete_secret(made, ignore_missing=False)
    assert not list(proxy.secrets(name="sdk"))


def test_what_no_client_would_send(cloud: RunningCloud) -> None:
    token = cloud.token()
    base = "/key-manager"
    assert cloud.http("GET", f"{base}/").status == 200
    assert cloud.http("GET", f"{base}/v1/secrets").status == 401
    assert cloud.http("GET", f"{base}{ABSENT}", token=token).status == 404
    large = {"payload": "x" * 70_000, "payload_content_type": "text/plain"}
    for body, status in ((b"{", 400), (b"[]", 400), (large, 413), ({"name": 1}, 400)):
        got = cloud.http("POST", f"{base}/v1/secrets", body, token=token)
        assert got.status == status, got.body
    internal = f"{base}/internal/entrusted"
    assert cloud.http("POST", internal, {}, token=token).status == 403

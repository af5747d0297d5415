"""The object store with identity's tokens and EC2 keys: unmodified clients."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from keystoneauth1 import discover, session
from keystoneauth1.identity import v3
from openstack.connection import Connection
from swiftclient import Connection as Swift
from swiftclient.exceptions import ClientException

from test.functional.compute.house import RunningCloud
from test.functional.compute.identity.conftest import Member, make_member


def swift(cloud: RunningCloud, member: Member) -> Swift:
    """python-swiftclient with v3 auth."""
    return Swift(
        authurl=f"{cloud.url}/identity/v3",
        user=member.name,
        key=member.password,
        auth_version="3",
        os_options={
            "project_name": member.project_name,
            "user_domain_id": "default",
            "project_domain_id": "default",
        },
        retries=0,
    )


def s3(cloud: RunningCloud, access: str, secret: str) -> Any:
    """boto3 with an EC2 key."""
    return boto3.client(
        "s3",
        endpoint_url=cloud.store_url,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}
        ),
    )


def key_of(cloud: RunningCloud, member: Member) -> tuple[str, str]:
    """A new EC2 key of a member's."""
    with cloud.sdk(**member.environment) as own:
        path = f"/users/{member.user_id}/credentials/OS-EC2"
        said = own.identity.post(path, json={"tenant_id": member.project_id})
        key = said.json()["credential"]
    return key["access"], key["secret"]


@pytest.mark.parametrize("path", ["/identity", "/identity/v3", "/identity/"])
def test_discovery(identity_cloud: RunningCloud, member: Member, path: str) -> None:
    url = identity_cloud.url + path
    auth = v3.Password(
        url if path.endswith("v3") else f"{identity_cloud.url}/identity/v3",
        username=member.name,
        password=member.password,
        user_domain_id="default",
        project_name=member.project_name,
        project_domain_id="default",
    )
    signed_in = session.Session(auth)
    found = discover.Discover(signed_in, url)
    assert found.url_for((3, 0)) == f"{identity_cloud.url}/identity/v3/"
    store = signed_in.get_endpoint(service_type="object-store", interface="public")
    assert store == f"{identity_cloud.store_url}/v1/AUTH_{member.project_id}"


def test_swiftclient(
    identity_cloud: RunningCloud, admin: Connection, member: Member, name: str
) -> None:
    own = swift(identity_cloud, member)
    own.put_container("box")
    own.put_object("box", "thing", b"content")
    assert own.get_object("box", "thing")[1] == b"content"
    assert own.get_auth()[0].endswith(f"/v1/AUTH_{member.project_id}")
    other = swift(identity_cloud, make_member(admin, f"{name}-other"))
    url = own.get_auth()[0]
    token = other.get_auth()[1]
    stranger = Swift(preauthurl=url, preauthtoken=token, retries=0)
    with pytest.raises(ClientException) as refused:
        stranger.get_object("box", "thing")
    assert refused.value.http_status == 403
    own.post_container(
        "box", {"X-Container-Read": f"{name}-other-project:{name}-other"}
    )
    assert stranger.get_object("box", "thing")[1] == b"content"
    with pytest.raises(ClientException):
        stranger.put_object("box", "thing", b"changed")


def test_readers_only_read(
    identity_cloud: RunningCloud, admin: Connection, member: Member, name: str
) -> None:
    own = swift(identity_cloud, member)
    own.put_container("box")
    own.put_object("box", "thing", b"content")
    reader = admin.identity.create_user(name=f"{name}-reader", password="pw")
    role = admin.identity.find_role("reader")
    project = admin.identity.get_project(member.project_id)
    admin.identity.assign_project_role_to_user(project, reader, role)
    reading = swift(
        identity_cloud,
        Member(f"{name}-reader", "pw", reader.id, project.id, project.name),
    )
    assert reading.get_object("box", "thing")[1] == b"content"
    with pytest.raises(ClientException) as refused:
        reading.put_object("box", "other", b"")
    assert refused.value.http_status == 403


def test_boto3_with_an_ec2_key(identity_cloud: RunningCloud, member: Member) -> None:
    client = s3(identity_cloud, *key_of(identity_cloud, member))
    bucket = f"{member.name}-bucket"
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="thing", Body=b"content")
    body = client.get_object(Bucket=bucket, Key="thing")["Body"].read()
    assert body == b"content"
    names = [entry["Name"] for entry in client.list_buckets()["Buckets"]]
    assert names == [bucket]
    own = swift(identity_cloud, member)
    assert own.get_object(bucket, "thing")[1] == b"content"


def test_wrong_keys(identity_cloud: RunningCloud, member: Member) -> None:
    access, _ = key_of(identity_cloud, member)
    for key, code in (
        ((access, "wrong"), "SignatureDoesNotMatch"),
        (("nothing", "wrong"), "InvalidAccessKeyId"),
    ):
        with pytest.raises(ClientError) as refused:
            s3(identity_cloud, *key).list_buckets()
        assert refused.value.response["Error"]["Code"] == code


def test_the_stores_own_users_are_still_served(identity_cloud: RunningCloud) -> None:
    line = identity_cloud.place.plan.store_users.splitlines()[0]
    names, _, words = line.partition(" = ")
    _, account, user = names.split("_")
    own = Swift(
        authurl=f"{identity_cloud.store_url}/auth/v1.0",
        user=f"{account}:{user}",
        key=words.split()[0],
        retries=0,
    )
    own.put_container("plain")
    assert own.get_auth()[1].startswith("AUTH_tk")


def test_no_token_and_a_wrong_one(identity_cloud: RunningCloud, member: Member) -> None:
    url = f"{identity_cloud.store_url}/v1/AUTH_{member.project_id}"
    for token in ("", "gAAAAAwrong"):
        stranger = Swift(preauthurl=url, preauthtoken=token or "-", retries=0)
        with pytest.raises(ClientException) as refused:
            stranger.get_account()
        assert refused.value.http_status == 401


def test_a_revoked_token_ends_here_at_once(
    identity_cloud: RunningCloud, member: Member
) -> None:
    own = swift(identity_cloud, member)
    own.put_container("box")
    url, token = own.get_auth()
    said = identity_cloud.http(
        "DELETE",
        "/identity/v3/auth/tokens",
        token=token,
        headers={"X-Subject-Token": token},
    )
    assert said.status == 204
    with pytest.raises(ClientException) as refused:
        Swift(preauthurl=url, preauthtoken=token, retries=0).get_account()
    assert refused.value.http_status == 401

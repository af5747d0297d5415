"""The unmodified openstacksdk on identity."""

from __future__ import annotations

import base64
import time

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from keystoneauth1.exceptions import MissingAuthMethods
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from openstack import exceptions
from openstack.connection import Connection

from test.functional.compute.house import RunningCloud
from test.functional.compute.identity.conftest import Member


def test_people(admin: Connection, name: str) -> None:
    identity = admin.identity
    user = identity.create_user(name=name, password="pw", description="one")
    assert identity.update_user(user, email="a@b").name == name
    assert identity.find_user(name).id == user.id
    group = identity.create_group(name=name)
    identity.add_user_to_group(user, group)
    assert identity.check_user_in_group(user, group)
    assert [found.id for found in identity.group_users(group)] == [user.id]
    identity.remove_user_from_group(user, group)
    assert not identity.check_user_in_group(user, group)
    identity.delete_group(group)
    identity.delete_user(user)
    with pytest.raises(exceptions.NotFoundException):
        identity.get_user(user.id)


def test_rights(admin: Connection, member: Member) -> None:
    identity = admin.identity
    role = identity.find_role("reader")
    project = identity.get_project(member.project_id)
    user = identity.get_user(member.user_id)
    identity.assign_project_role_to_user(project, user, role)
    assert identity.validate_user_has_project_role(project, user, role)
    found = list(identity.role_assignments(user_id=user.id, include_names=True))
    assert {line.role["name"] for line in found} == {"member", "reader"}
    identity.unassign_project_role_from_user(project, user, role)
    assert not identity.validate_user_has_project_role(project, user, role)
    identity.assign_system_role_to_user(user, role, "all")
    assert identity.validate_user_has_system_role(user, role, "all")
    identity.unassign_system_role_from_user(user, role, "all")


def test_a_member_sees_what_is_his(
    identity_cloud: RunningCloud, member: Member
) -> None:
    with identity_cloud.sdk(**member.environment) as own:
        assert own.current_project_id == member.project_id
        assert [item.id for item in own.identity.user_projects(member.user_id)] == [
            member.project_id
        ]
        with pytest.raises(exceptions.ForbiddenException):
            list(own.identity.users())
        with pytest.raises(exceptions.ForbiddenException):
            own.identity.create_user(name="more")


def test_two_factors(
    identity_cloud: RunningCloud, admin: Connection, name: str
) -> None:
    rules = {
        "multi_factor_auth_enabled": True,
        "multi_factor_auth_rules": [["password", "totp"]],
    }
    user = admin.identity.create_user(name=name, password="pw", options=rules)
    key = b"a device's own secret"
    blob = base64.b32encode(key).decode()
    admin.identity.create_credential(type="totp", user_id=user.id, blob=blob)
    device = TOTP(key, 6, SHA1(), 30, enforce_key_length=False)

    def passcode() -> v3.TOTPMethod:
        code = device.generate(int(time.time())).decode()
        return v3.TOTPMethod(passcode=code, user_id=user.id)

    with_password = v3.PasswordMethod(user_id=user.id, password="pw")
    auth = v3.Auth(identity_cloud.place.auth_url, [with_password], unscoped=True)
    session = Session(auth)
    with pytest.raises(MissingAuthMethods) as missing:
        session.get_token()
    assert missing.value.required_auth_methods == [["password", "totp"]]
    with_receipt = v3.ReceiptMethod(receipt=missing.value.receipt)
    methods = [with_receipt, passcode()]
    auth = v3.Auth(identity_cloud.place.auth_url, methods, unscoped=True)
    assert Session(auth).get_user_id() == user.id
    admin.identity.delete_user(user)


def test_the_catalogue(admin: Connection, name: str) -> None:
    identity = admin.identity
    service = identity.create_service(name=name, type="metering")
    region = identity.create_region(id=name, description="here")
    endpoint = identity.create_endpoint(
        service_id=service.id, interface="public", url="http://m", region_id=name
    )
    assert identity.get_endpoint(endpoint).url == "http://m"
    assert name in [found.id for found in identity.regions()]
    identity.delete_endpoint(endpoint)
    identity.delete_service(service)
    identity.delete_region(region)


def test_wrong_passwords_lock_out(identity_cloud: RunningCloud, member: Member) -> None:
    wrong = {**member.environment, "password": "wrong"}
    for _ in range(3):
        with pytest.raises(Exception, match="requires authentication"):
            identity_cloud.token(**wrong)
    with pytest.raises(Exception, match="requires authentication"):
        identity_cloud.token(**member.environment)

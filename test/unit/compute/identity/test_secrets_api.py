"""EC2 keys, application credentials, trusts: over the API."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any

import pytest
from keystoneclient.contrib.ec2.utils import Ec2Signer

from objectstore.client.identity import ServiceCredentials, ServiceTokens
from objectstore.kernel.access import Identity
from objectstore.middleware.keystone.keys import Ec2Keys
from test.unit.compute.identity.house import SERVICE_PASSWORD, House, Said


def key_of(house: House) -> tuple[str, dict[str, Any]]:
    """A member's token and a key of his."""
    user_id, project_id, token = house.member()
    path = f"/v3/users/{user_id}/credentials/OS-EC2"
    key = house.ok("POST", path, {"tenant_id": project_id}, token=token)["credential"]
    return token, key


def s3(house: House, access: str, text: bytes, signature: str, token: str) -> Said:
    body = {
        "credentials": {
            "access": access,
            "token": base64.urlsafe_b64encode(text).decode(),
            "signature": signature,
        }
    }
    return house.say("POST", "/v3/s3tokens", body, token=token)


def test_s3_tokens(house: House) -> None:
    token, key = key_of(house)
    text = b"GET\n\n\ndate\n/bucket"
    made = hmac.digest(key["secret"].encode(), text, "sha1")
    signature = base64.b64encode(made).decode()
    said = s3(house, key["access"], text, signature, house.service)
    assert said.status == 200
    assert said.body["token"]["project"]["id"] == key["tenant_id"]
    assert "x-subject-token" not in said.headers
    assert s3(house, key["access"], text + b"x", signature, house.service).status == 401
    assert s3(house, "nothing", text, signature, house.service).status == 401
    assert s3(house, key["access"], text, signature, token).status == 403
    house.ok("PATCH", f"/v3/users/{key['user_id']}", {"user": {"enabled": False}})
    assert s3(house, key["access"], text, signature, house.service).status == 401


@pytest.mark.parametrize(
    ("version", "more", "minutes"),
    [("2", {}, 16), ("4", {}, 16), ("4", {"X-Amz-Expires": "60"}, 2)],
)
def test_ec2_tokens(
    house: House, version: str, more: dict[str, str], minutes: int
) -> None:
    _, key = key_of(house)
    moment = "20231114T221320Z"  # the stepped clock's
    wanted: dict[str, Any] = {
        "access": key["access"],
        "host": "compute:8773",
        "verb": "GET",
        "path": "/",
        "headers": {},
        "params": {
            "Action": "DescribeInstances",
            "AWSAccessKeyId": key["access"],
            **more,
        },
    }
    if version == "2":
        wanted["params"] |= {
            "SignatureVersion": "2",
            "SignatureMethod": "HmacSHA256",
            "Timestamp": "2023-11-14T22:13:20Z",
        }
    else:
        scope = f"{key['access']}/20231114/RegionOne/ec2/aws4_request"
        wanted["headers"] = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
            "SignedHeaders=host;x-amz-date, Signature=x",
            "Host": "compute:8773",
            "X-Amz-Date": moment,
        }
        wanted["body_hash"] = "0" * 64
    wanted["signature"] = Ec2Signer(key["secret"]).generate(wanted)
    body = {"credentials": wanted}
    said = house.say("POST", "/v3/ec2tokens", body, token=house.service)
    assert said.status == 200, said
    assert house.is_good(said.headers["x-subject-token"])
    assert house.say("POST", "/v3/ec2tokens", body).status == 401
    house.clock.advance(minutes * 60)
    late = house.say("POST", "/v3/ec2tokens", body, token=house.service)
    assert late.status == 401
    wanted["signature"] = "wrong"
    said = house.say("POST", "/v3/ec2tokens", body, token=house.service)
    assert said.status == 401


def test_keys_belong_to_their_users(house: House) -> None:
    _, key = key_of(house)
    other_id = house.make("user", name="bob", password="pw")
    other = house.token("bob", "pw")
    path = f"/v3/users/{key['user_id']}/credentials/OS-EC2"
    assert house.status("GET", path, token=other) == 403
    assert house.status("GET", f"{path}/{key['access']}", token=other) == 403
    own = f"/v3/users/{other_id}/credentials/OS-EC2/{key['access']}"
    assert house.status("GET", own, token=other) == 404
    assert house.status("DELETE", own, token=other) == 404
    listed = house.ok("GET", "/v3/credentials", token=other)["credentials"]
    assert listed == []


def test_an_access_key_may_change(house: House) -> None:
    token, key = key_of(house)
    found = house.ok("GET", "/v3/credentials?type=ec2", token=token)["credentials"]
    path = f"/v3/credentials/{found[0]['id']}"
    blob = {"access": "new-access", "secret": "new-secret"}
    changed = house.ok("PATCH", path, {"credential": {"blob": blob}}, token=token)
    assert changed["credential"]["id"] == found[0]["id"]
    keys = f"/v3/users/{key['user_id']}/credentials/OS-EC2"
    shown = house.ok("GET", f"{keys}/new-access", token=token)["credential"]
    assert shown["secret"] == "new-secret"
    assert house.status("GET", f"{keys}/{key['access']}", token=token) == 404
    # Nobody takes another's.
    _, _, other = house.member("bob")
    taken = {"type": "ec2", "project_id": key["tenant_id"], "blob": blob}
    body = {"credential": taken}
    assert house.status("POST", "/v3/credentials", body, token=other) == 409
    # Nor what it was made with, by which services may still ask.
    taken["blob"] = {**blob, "access": key["access"]}
    assert house.status("POST", "/v3/credentials", body, token=other) == 409
    taken["blob"] = {**blob, "access": "third"}
    third = house.ok("POST", "/v3/credentials", body, token=other)["credential"]
    change = {"credential": {"blob": {**blob, "access": key["access"]}}}
    path = f"/v3/credentials/{third['id']}"
    assert house.status("PATCH", path, change, token=other) == 409
    text = b"GET\n\n\ndate\n/bucket"
    made = base64.b64encode(hmac.digest(b"new-secret", text, "sha1")).decode()
    assert s3(house, "new-access", text, made, house.service).status == 200


def test_the_store_knows_changed_access_keys(house: House) -> None:
    token, key = key_of(house)
    own = ServiceCredentials(SERVICE_PASSWORD, "ringstack", "service", "default")
    service = ServiceTokens(house.caller, own, house.clock)

    def user(said: Mapping[str, Any]) -> Identity:
        return Identity(said["user"]["id"])

    keys = Ec2Keys(house.caller, service, house.clock, user, 0.0)
    assert keys.find(key["access"]) == (Identity(key["user_id"]), key["secret"])
    found = house.ok("GET", "/v3/credentials?type=ec2", token=token)["credentials"]
    blob = {"access": "new-access", "secret": "new-secret"}
    path = f"/v3/credentials/{found[0]['id']}"
    house.ok("PATCH", path, {"credential": {"blob": blob}}, token=token)
    keys.forget()
    assert keys.find("new-access") == (Identity(key["user_id"]), "new-secret")
    assert keys.find(key["access"]) is None


def with_credential(house: House, **values: Any) -> tuple[dict[str, Any], Said, str]:
    """An application credential, a token got with it, its owner's own token."""
    user_id, _, token = house.member()
    path = f"/v3/users/{user_id}/application_credentials"
    body = {"application_credential": {"name": "c", **values}}
    made = house.ok("POST", path, body, token=token)["application_credential"]
    return made, use(house, made), token


def use(house: House, made: dict[str, Any]) -> Said:
    """Sign in with it."""
    auth = {
        "identity": {
            "methods": ["application_credential"],
            "application_credential": {"id": made["id"], "secret": made["secret"]},
        }
    }
    return house.say("POST", "/v3/auth/tokens", {"auth": auth})


def test_application_credentials(house: House) -> None:
    made, said, owner = with_credential(house, roles=[{"name": "reader"}])
    assert said.status == 201
    token = said.headers["x-subject-token"]
    assert [role["name"] for role in said.body["token"]["roles"]] == ["reader"]
    assert said.body["token"]["application_credential"]["restricted"] is True
    path = f"/v3/users/{made['user_id']}/application_credentials"
    more = {"application_credential": {"name": "more"}}
    assert house.status("POST", path, more, token=token) == 403
    same = {"application_credential": {"name": "c"}}
    assert house.status("POST", path, same, token=owner) == 409
    shown = house.ok("GET", f"{path}/{made['id']}", token=owner)
    assert "secret" not in shown["application_credential"]
    auth = {"identity": {"methods": ["token"], "token": {"id": token}}}
    assert house.say("POST", "/v3/auth/tokens", {"auth": auth}).status == 403
    made["secret"] = "wrong"
    assert use(house, made).status == 401
    house.ok("DELETE", f"{path}/{made['id']}", token=owner)
    assert not house.is_good(token)


def test_roles_that_one_does_not_have(house: House) -> None:
    user_id, _, token = house.member()
    path = f"/v3/users/{user_id}/application_credentials"
    body = {"application_credential": {"name": "c", "roles": [{"name": "admin"}]}}
    assert house.status("POST", path, body, token=token) == 400


def test_no_access_rules_are_no_restriction(house: House) -> None:
    made, said, _ = with_credential(house, access_rules=[])
    token = said.headers["x-subject-token"]
    assert house.status("GET", "/v3/auth/projects", token=token) == 200
    assert "access_rules" not in made


def test_access_rules(house: House) -> None:
    rules = [{"service": "identity", "method": "GET", "path": "/v3/auth/projects"}]
    made, said, owner = with_credential(house, access_rules=rules)
    token = said.headers["x-subject-token"]
    assert house.status("GET", "/v3/auth/projects", token=token) == 200
    assert house.status("GET", "/v3/auth/domains", token=token) == 401
    knows = {"OpenStack-Identity-Access-Rules": "1"}
    path = "/v3/auth/tokens"
    seen = house.say("GET", path, token=token, subject=token, headers=knows)
    found = seen.body["token"]["application_credential"]["access_rules"]
    assert [rule["path"] for rule in found] == ["/v3/auth/projects"]
    assert house.say("GET", path, token=token, subject=token).status == 404
    listed = house.ok("GET", f"/v3/users/{made['user_id']}/access_rules", token=owner)
    (rule,) = listed["access_rules"]
    one = f"/v3/users/{made['user_id']}/access_rules/{rule['id']}"
    assert house.status("DELETE", one, token=owner) == 403
    credential = f"/v3/users/{made['user_id']}/application_credentials/{made['id']}"
    house.ok("DELETE", credential, token=owner)
    house.ok("DELETE", one, token=owner)


def test_access_rules_are_shown_as_they_came(house: House) -> None:
    rules = [
        {"service": "compute", "method": method, "path": f"/{number}"}
        for number, method in enumerate(("PUT", "GET", "DELETE", "POST", "PATCH"))
    ]
    made, _, owner = with_credential(house, access_rules=rules)
    path = f"/v3/users/{made['user_id']}/application_credentials/{made['id']}"
    shown = house.ok("GET", path, token=owner)["application_credential"]
    for found in (made, shown):
        assert [rule["method"] for rule in found["access_rules"]] == [
            rule["method"] for rule in rules
        ]


def trust_of(
    house: House, **values: Any
) -> tuple[dict[str, Any], str, str, dict[str, Any]]:
    """A trust; the trustee's id and the trustor's token."""
    user_id, project_id, token = house.member()
    trustee = house.make("user", name="tom", password="pw")
    body = {
        "trustor_user_id": user_id,
        "trustee_user_id": trustee,
        "project_id": project_id,
        "impersonation": True,
        "roles": [{"name": "member"}],
        **values,
    }
    made = house.ok("POST", "/v3/OS-TRUST/trusts", {"trust": body}, token=token)
    return made["trust"], trustee, token, body


def test_trusts(house: House) -> None:
    trust, trustee, token, body = trust_of(house, remaining_uses=1)
    scope = {"OS-TRUST:trust": {"id": trust["id"]}}
    said = house.sign_in("tom", "pw", scope)
    assert said.status == 201
    shown = said.body["token"]
    assert shown["user"]["id"] == trust["trustor_user_id"]
    assert shown["OS-TRUST:trust"]["trustee_user"]["id"] == trustee
    assert [role["name"] for role in shown["roles"]] == ["member", "reader"]
    assert house.sign_in("tom", "pw", scope).status == 401
    entrusted = said.headers["x-subject-token"]
    refused = house.status("POST", "/v3/OS-TRUST/trusts", {"trust": body},
                           token=entrusted)  # fmt: skip
    assert refused == 403
    stranger = house.token("tom", "pw")
    path = f"/v3/OS-TRUST/trusts/{trust['id']}"
    assert house.status("GET", path, token=stranger) == 200
    assert house.status("DELETE", path, token=stranger) == 404
    house.clock.advance(1)
    house.ok("DELETE", path, token=token)
    assert not house.is_good(entrusted)
    assert house.sign_in("ann", "pw", scope).status == 401


def test_a_trust_for_another_of_ones_projects(house: House) -> None:
    trust, _, token, body = trust_of(house, allow_redelegation=True)
    other = house.make("project", name="other")
    wanted = {"trust": {**body, "project_id": other}}
    path = "/v3/OS-TRUST/trusts"
    # Where one has the role only.
    assert house.status("POST", path, wanted, token=token) == 403
    house.grant(body["trustor_user_id"], "member", f"projects/{other}")
    assert house.ok("POST", path, wanted, token=token)["trust"]["project_id"] == other
    # Who has been lent one project has nothing to do with the others.
    said = house.sign_in("tom", "pw", {"OS-TRUST:trust": {"id": trust["id"]}})
    entrusted = said.headers["x-subject-token"]
    wanted["trust"]["trustor_user_id"] = trust["trustor_user_id"]
    assert house.status("POST", path, wanted, token=entrusted) == 403


def test_a_trust_without_impersonation_and_a_right_that_ends(house: House) -> None:
    trust, trustee, _, _ = trust_of(house, impersonation=False)
    said = house.sign_in("tom", "pw", {"OS-TRUST:trust": {"id": trust["id"]}})
    assert said.body["token"]["user"]["id"] == trustee
    role = house.role("member")
    house.ok(
        "DELETE",
        f"/v3/projects/{trust['project_id']}/users/{trust['trustor_user_id']}"
        f"/roles/{role}",
    )
    assert not house.is_good(said.headers["x-subject-token"])


def test_handing_a_trust_on(house: House) -> None:
    trust, trustee, _, body = trust_of(
        house, allow_redelegation=True, redelegation_count=1
    )
    scope = {"OS-TRUST:trust": {"id": trust["id"]}}
    entrusted = house.token("tom", "pw", scope)
    third = house.make("user", name="tim", password="pw")
    again = {**body, "trustee_user_id": third, "allow_redelegation": False}
    del again["redelegation_count"]
    made = house.ok("POST", "/v3/OS-TRUST/trusts", {"trust": again}, token=entrusted)
    below = made["trust"]
    assert below["redelegated_trust_id"] == trust["id"]
    token = house.token("tim", "pw", {"OS-TRUST:trust": {"id": below["id"]}})
    house.clock.advance(1)
    house.ok("DELETE", f"/v3/OS-TRUST/trusts/{trust['id']}")
    assert not house.is_good(token)
    assert trustee

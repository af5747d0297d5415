"""Tokens of every kind, used: what they open at the services, and when they end.

By keystoneauth against a cloud with simulated hosts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from keystoneauth1.exceptions import Unauthorized
from keystoneauth1.identity import v3
from keystoneauth1.session import Session

from test.functional.compute.house import RunningCloud, running_cloud

# On a busy machine some requests must be through in each of these.
LOCKOUT_SECONDS = 5
TRUST_SECONDS = 8
# How soon what was taken away is gone everywhere.
GONE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Person:
    user_id: str
    project_id: str

    @property
    def password(self) -> dict[str, str]:
        return {"user_id": self.user_id, "password": "open sesame"}


@dataclass(frozen=True, slots=True)
class Place:
    cloud: RunningCloud
    root: Session

    def session(self, **who: Any) -> Session:
        return Session(v3.Password(auth_url=self.auth_url, **who))

    @property
    def auth_url(self) -> str:
        return f"{self.cloud.url}/identity/v3"

    def admin(self, **scope: Any) -> Session:
        environment = self.cloud.environment()
        return self.session(
            username=environment["OS_USERNAME"],
            password=environment["OS_PASSWORD"],
            user_domain_id="default",
            **scope,
        )

    def identity(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.root.request(f"{self.auth_url}{path}", method, json=body)
        return answer.json() if answer.content else None

    def role(self, name: str) -> str:
        (found,) = self.identity("GET", f"/roles?name={name}")["roles"]
        return str(found["id"])

    def person(self, name: str) -> Person:
        project = {"project": {"name": f"{name}-project", "domain_id": "default"}}
        made = self.identity("POST", "/projects", project)["project"]
        user = {"name": name, "password": "open sesame", "domain_id": "default"}
        user_id = self.identity("POST", "/users", {"user": user})["user"]["id"]
        member = self.role("member")
        path = f"/projects/{made['id']}/users/{user_id}/roles/{member}"
        self.identity("PUT", path)
        return Person(user_id, made["id"])

    def status(self, session: Session, method: str, path: str, body: Any = None) -> int:
        return self.tried(session.get_token(), method, path, body)

    def tried(self, token: str, method: str, path: str, body: Any = None) -> int:
        """With that token as it is, not with another when it is refused."""
        return self.cloud.http(method, path, body, token=token).status


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = {
        "identity": {"lockout_failures": "3", "lockout_duration": str(LOCKOUT_SECONDS)}
    }
    directory = tmp_path_factory.mktemp("credentials")
    with running_cloud(directory, settings) as cloud:
        nobody = Place(cloud, Session())
        scope = {"project_name": "admin", "project_domain_id": "default"}
        root = nobody.admin(**scope)
        yield Place(cloud, root)


def eventually(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + GONE_SECONDS
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


SERVERS, GROUPS = "/compute/v2.1/servers", "/compute/v2.1/os-server-groups"
IMAGES, NETWORKS = "/image/v2/images", "/network/v2.0/networks"
LISTS = (SERVERS, f"{SERVERS}/detail?all_tenants=1", IMAGES, NETWORKS)
MAKES = (
    (SERVERS, {"server": {"name": "x", "flavorRef": "1", "imageRef": ""}}),
    (GROUPS, {"server_group": {"name": "g", "policies": ["affinity"]}}),
    (IMAGES, {"name": "x"}),
)


def test_an_administrator_of_a_domain_is_none_of_the_cloud(place: Place) -> None:
    user_id = place.root.get_user_id()
    path = f"/domains/default/users/{user_id}/roles/{place.role('admin')}"
    place.identity("PUT", path)
    token = place.admin(domain_id="default").get_token()
    assert place.tried(token, "GET", "/identity/v3/users?domain_id=default") == 200
    for each in (*LISTS, "/compute/v2.1/os-hypervisors"):
        assert place.tried(token, "GET", each) == 403, each
    for each, body in MAKES:
        assert place.tried(token, "POST", each, body) == 403, each


def test_the_system_s_administrator_looks_and_owns_nothing(place: Place) -> None:
    user_id = place.root.get_user_id()
    place.identity("PUT", f"/system/users/{user_id}/roles/{place.role('admin')}")
    token = place.admin(system_scope="all").get_token()
    for each in (*LISTS, "/compute/v2.1/os-hypervisors"):
        assert place.tried(token, "GET", each) == 200, each
    for each, body in MAKES:
        assert place.tried(token, "POST", each, body) == 403, each


def test_a_reader_of_the_system_is_no_member_of_projects(place: Place) -> None:
    ann = place.person("system-reader")
    place.identity("PUT", f"/system/users/{ann.user_id}/roles/{place.role('reader')}")
    token = place.session(**ann.password, system_scope="all").get_token()
    # He looks at everything, and makes nothing.
    for each in (SERVERS, "/compute/v2.1/os-hypervisors"):
        assert place.tried(token, "GET", each) == 200, each
    for each, body in MAKES:
        assert place.tried(token, "POST", each, body) == 403, each


def test_a_token_without_scope_opens_nothing(place: Place) -> None:
    ann = place.person("unscoped")
    token = place.session(**ann.password, unscoped=True).get_token()
    for each in (SERVERS, IMAGES):
        assert place.tried(token, "GET", each) == 403, each
    assert place.cloud.http("GET", NETWORKS, token=token).body == {"networks": []}
    for each, body in MAKES:
        assert place.tried(token, "POST", each, body) == 403, each


def make_trust(place: Place, giver: Person, taker: Person, **more: Any) -> str:
    body = {
        "trustor_user_id": giver.user_id,
        "trustee_user_id": taker.user_id,
        "project_id": giver.project_id,
        "impersonation": True,
        "roles": [{"name": "member"}],
        **more,
    }
    session = place.session(**giver.password, project_id=giver.project_id)
    answer = session.post(f"{place.auth_url}/OS-TRUST/trusts", json={"trust": body})
    return str(answer.json()["trust"]["id"])


def test_a_trust_opens_the_other_s_project_until_it_is_taken_away(place: Place) -> None:
    giver, taker = place.person("giver"), place.person("taker")
    own = place.session(**taker.password, project_id=taker.project_id)
    trust_id = make_trust(place, giver, taker)
    with_trust = place.session(**taker.password, trust_id=trust_id)
    token = with_trust.get_token()
    assert with_trust.get_project_id() == giver.project_id
    group = {"server_group": {"name": "theirs", "policies": ["affinity"]}}
    made = place.cloud.http("POST", GROUPS, group, token=token)
    assert made.status == 200, made
    path = f"{GROUPS}/{made.body['server_group']['id']}"
    theirs = place.session(**giver.password, project_id=giver.project_id)
    assert place.status(theirs, "GET", path) == 200
    assert place.status(own, "GET", path) == 404
    image = place.cloud.http("POST", IMAGES, {"name": "x"}, token=token)
    assert image.body["owner"] == giver.project_id
    network = place.cloud.http("POST", NETWORKS, {"network": {}}, token=token)
    assert network.body["network"]["project_id"] == giver.project_id
    # No trust with it, no password, no project of one's own.
    assert place.tried(token, "GET", "/compute/v2.1/os-hypervisors") == 403
    theirs.delete(f"{place.auth_url}/OS-TRUST/trusts/{trust_id}")
    for each in (SERVERS, IMAGES, NETWORKS):
        assert eventually(lambda path=each: place.tried(token, "GET", path) == 401)
    with pytest.raises(Exception, match=r"(?i)unauthorized|403|404|authentication"):
        place.session(**taker.password, trust_id=trust_id).get_token()


def test_a_token_ends_with_its_trust(place: Place) -> None:
    giver, taker = place.person("short-giver"), place.person("short-taker")
    end = datetime.now(UTC) + timedelta(seconds=TRUST_SECONDS)
    text = end.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    trust_id = make_trust(place, giver, taker, expires_at=text)
    token = place.session(**taker.password, trust_id=trust_id).get_token()
    for each in (SERVERS, IMAGES, NETWORKS):
        assert place.tried(token, "GET", each) == 200, each
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 0.5)
    for each in (SERVERS, IMAGES, NETWORKS):
        assert place.tried(token, "GET", each) == 401, each


def test_access_rules_hold_at_every_service(place: Place) -> None:
    ann = place.person("restricted")
    session = place.session(**ann.password, project_id=ann.project_id)
    rules = [
        {"service": "compute", "method": "GET", "path": "/v2.1/servers"},
        {"service": "image", "method": "POST", "path": "/v2/images"},
        {"service": "network", "method": "GET", "path": "/v2.0/subnets"},
    ]
    body = {"application_credential": {"name": "two doors", "access_rules": rules}}
    path = f"{place.auth_url}/users/{ann.user_id}/application_credentials"
    made = session.post(path, json=body).json()["application_credential"]
    auth = v3.ApplicationCredential(
        place.auth_url,
        application_credential_id=made["id"],
        application_credential_secret=made["secret"],
    )
    token = Session(auth).get_token()
    assert place.tried(token, "GET", SERVERS) == 200
    assert place.tried(token, "POST", IMAGES, {"name": "x"}) == 201
    assert place.tried(token, "GET", "/network/v2.0/subnets") == 200
    for method, each, sent in (
        ("GET", f"{SERVERS}/detail", None),
        ("GET", f"{SERVERS}/x", None),
        ("POST", SERVERS, {}),
        ("GET", IMAGES, None),
        ("GET", NETWORKS, None),
        ("DELETE", SERVERS, None),
    ):
        assert place.tried(token, method, each, sent) in (401, 404, 405), each
        if (method, each) != ("DELETE", SERVERS):
            assert place.tried(token, method, each, sent) == 401, each
    session.delete(f"{path}/{made['id']}")
    assert eventually(lambda: place.tried(token, "GET", SERVERS) == 401)


@pytest.mark.parametrize("kind", ["user", "project"])
def test_what_is_disabled_has_no_tokens(place: Place, kind: str) -> None:
    ann = place.person(f"disabled-{kind}")
    token = place.session(**ann.password, project_id=ann.project_id).get_token()
    assert place.tried(token, "GET", SERVERS) == 200
    key = ann.user_id if kind == "user" else ann.project_id
    place.identity("PATCH", f"/{kind}s/{key}", {kind: {"enabled": False}})
    for each in (SERVERS, IMAGES, NETWORKS):
        assert eventually(lambda path=each: place.tried(token, "GET", path) == 401)


def test_wrong_passwords_lock_out_for_a_while(place: Place) -> None:
    ann = place.person("locked-out")

    def sign_in(password: str) -> bool:
        who = {"user_id": ann.user_id, "password": password}
        try:
            place.session(**who, project_id=ann.project_id).get_token()
        except Unauthorized:
            return False
        return True

    assert [sign_in("wrong") for _ in range(3)] == [False] * 3
    assert not sign_in("open sesame")
    time.sleep(LOCKOUT_SECONDS + 1)
    assert sign_in("open sesame")

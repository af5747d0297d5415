"""Secrets and certificates, and load balancers whose listeners end TLS with them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from test.fakes.certificates import Authority
from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.furnished import BACKWARDS, MARKUP
from test.functional.compute.dashboard.visitor import Visitor

TOLD = "correct horse <b>battery</b>"


@pytest.fixture(scope="module")
def eve(shown: Shown) -> Any:
    return shown.person("eve")


@pytest.fixture
def visitor(shown: Shown, eve: Any) -> Visitor:
    found = Visitor(shown.url)
    assert found.sign_in("eve", PASSWORD).status == 303
    return found


def made(visitor: Visitor, path: str, **values: Any) -> str:
    """A form that is sent; where it leads."""
    found = visitor.post(path, values)
    assert found.status == 303, (path, re.findall(r'class="error[^<]*<', found.text))
    return found.headers["location"].removeprefix("/dashboard")


def test_a_secret_is_shown_to_who_asks_and_on_no_other_page(visitor: Visitor) -> None:
    there = made(visitor, "/secrets/new", name=MARKUP, kind="passphrase", payload=TOLD)
    for path in ("/secrets", there, f"{there}/access", f"{there}/payload"):
        found = visitor.get(path)
        assert found.status == 200 and "horse" not in found.text, path
        assert MARKUP not in found.text
    shown = visitor.post(f"{there}/payload")
    assert "correct horse &lt;b&gt;battery" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    saved = visitor.post(f"{there}/download")
    assert saved.text == TOLD
    assert saved.headers["content-disposition"].startswith("attachment")
    # Not by a link, nor by somebody else's page.
    assert visitor.get(f"{there}/download").headers["content-type"].startswith("text/h")
    foreign = visitor.post(f"{there}/payload", Origin="http://evil.example")
    assert foreign.status == 403 and "horse" not in foreign.text
    assert made(visitor, f"{there}/delete") == "/secrets"
    assert visitor.get(there).status == 404


def test_a_form_that_is_refused_shows_no_secret_again(visitor: Visitor) -> None:
    found = visitor.post("/secrets/new", {"name": BACKWARDS, "kind": "nothing",
                                          "payload": TOLD})  # fmt: skip
    assert found.status == 422 and "horse" not in found.text
    ended = Visitor(visitor.base).send(
        "POST", "/secrets/new", {"name": "n", "payload": TOLD, "unkept": "payload"},
        Origin=visitor.origin,
    )  # fmt: skip
    assert ended.status == 401 and "horse" not in ended.text
    # A file is as secret as what is written.
    page = visitor.get("/secrets/new").text
    unkept = re.findall(r'name="unkept" value="([^"]+)"', page)
    assert sorted(unkept) == ["file", "payload"]


def test_access_lists_let_in_others_and_shut_out_the_project(
    shown: Shown, eve: Any, visitor: Visitor
) -> None:
    there = made(visitor, "/secrets/new", name="s", kind="opaque", payload=TOLD)
    other = shown.person("frank")
    made(visitor, f"{there}/access", project="named", users=other.current_user_id)
    assert "Only who keeps it here" in visitor.get(there).text
    frank = Visitor(shown.url)
    frank.sign_in("frank", PASSWORD)
    assert "horse" in frank.post(f"{there}/payload").text
    made(visitor, f"{there}/access", project="project", users="")
    assert "horse" not in frank.post(f"{there}/payload").text


def test_keys_are_made_alone_and_in_pairs(visitor: Visitor) -> None:
    there = made(visitor, "/secrets/made", name="k", what="aes-256")
    assert "symmetric, aes 256" in visitor.get(there).text
    assert "as base64" in visitor.post(f"{there}/payload").text
    pair = made(visitor, "/secrets/made", name="p", what="rsa-2048")
    assert "private_key" in visitor.get(pair).text
    members = re.findall(r"/secrets/([0-9a-f-]{36})", visitor.get(pair).text)
    values = {"name": "both", "type": "generic", "some": []}
    assert visitor.post("/secret-containers/new", values).status == 303
    assert len(set(members)) == 2


def test_tls_ends_at_a_listener(shown: Shown, eve: Any, visitor: Visitor) -> None:
    issued = Authority().issue("www.example.org")
    certificate, key = issued.pem.decode(), issued.key_pem.decode()
    wrong = visitor.post("/secret-containers/certificate", {"name": "c",
                         "certificate": certificate, "private_key": ""})  # fmt: skip
    assert wrong.status == 422 and "no private key" in wrong.text
    kept = made(visitor, "/secret-containers/certificate", name="www.example.org",
                certificate=certificate, private_key=key)  # fmt: skip
    page = visitor.get(kept).text
    assert "Good until" in page and "CN=authority" in page
    reference = re.search(r"http[^<\"]*/v1/containers/[0-9a-f-]{36}", page)
    assert reference
    network = eve.network.create_network(name="n")
    subnet = eve.network.create_subnet(
        network_id=network.id, ip_version=4, cidr="10.8.0.0/24"
    )
    order = {"name": "lb", "subnet": subnet.id, "protocol": "TERMINATED_HTTPS",
             "port": "443", "method": "ROUND_ROBIN", "member_port": "80",
             "monitor": "yes"}  # fmt: skip
    refused = visitor.post("/balancers/new", order)
    assert refused.status == 422 and "only with a certificate" in refused.text
    balancer = made(visitor, "/balancers/new", **order, certificate=reference[0])
    listener = settled(visitor, balancer)
    page = visitor.get(listener).text
    assert "TERMINATED_HTTPS 443" in page and kept in page and "good until" in page
    used = visitor.get(kept).text
    assert "a load balancer" in used and "It is in use" in used
    assert "No policies" in page
    edited = made(visitor, f"{listener}/edit", name=MARKUP, up="yes", pool="",
                  certificate=reference[0], client_authentication="NONE",
                  headers=["X-Forwarded-For"], hsts="600",
                  versions=["TLSv1.3"])  # fmt: skip
    settled(visitor, balancer)
    page = visitor.get(edited).text
    assert "X-Forwarded-For" in page and "600 seconds" in page and MARKUP not in page
    policy = made(visitor, f"{listener}/policies/new", action="REJECT")
    settled(visitor, balancer)
    made(visitor, f"{policy}/rules/new", type="SSL_CONN_HAS_CERT", compare="EQUAL_TO",
         value="True", invert="yes")  # fmt: skip
    assert "not: that the client has a certificate" in visitor.get(policy).text
    settled(visitor, balancer)
    for protocol, port in (("UDP", "53"), ("PROMETHEUS", "9101")):
        made(visitor, f"{balancer}/listeners/new", protocol=protocol, port=port)
        settled(visitor, balancer)
    made(visitor, f"{balancer}/pools/new", name="dns", protocol="UDP",
         method="ROUND_ROBIN")  # fmt: skip
    settled(visitor, balancer)
    page = visitor.get(balancer).text
    pools = re.findall(r"/balancers/pools/([0-9a-f-]{36})/monitor", page)
    forms = [visitor.get(f"/balancers/pools/{each}/monitor").text for each in pools]
    assert sum("UDP-CONNECT" in each for each in forms) == 1
    assert sum("PING" in each for each in forms) == 1


def settled(visitor: Visitor, balancer: str) -> str:
    """Once it takes changes again; its first listener."""
    for _ in range(200):
        text = visitor.get(balancer).text
        if "PENDING" not in text:
            break
    found = re.search(r"/balancers/listeners/[0-9a-f-]{36}", text)
    assert found and "PENDING" not in text
    return found[0]


def test_types_of_volumes_are_encrypted(shown: Shown) -> None:
    admin = shown.cloud.sdk()
    visitor = Visitor(shown.url)
    visitor.sign_in("admin", shown.cloud.place.admin_password)
    made(visitor, "/volume-types/new", name=MARKUP, key="256", public="yes")
    page = visitor.get("/volume-types").text
    assert "luks, aes-xts-plain64, 256" in page and MARKUP not in page
    found = next(each for each in admin.block_storage.types() if each.name == MARKUP)
    assert visitor.post(f"/volume-types/{found.id}/delete").status == 303
    refused = visitor.post("/volume-types/new", {"name": "odd", "key": "7"})
    assert refused.status == 422
    assert not [it for it in admin.block_storage.types() if it.name in ("odd", MARKUP)]


def test_groups_without_state_say_so(shown: Shown, eve: Any, visitor: Visitor) -> None:
    there = made(visitor, "/groups/new", name="loose")
    group = eve.network.find_security_group("loose")
    assert not group.stateful
    made(visitor, f"{there}/edit", name="loose", stateful="yes")
    assert eve.network.find_security_group("loose").stateful

"""Listeners that end TLS: secrets, what may go with what, and haproxy's words."""

from __future__ import annotations

from typing import Any

import pytest

from compute.balancer import tables
from compute.balancer.certificates import bundle
from compute.balancer.tls_rules import SNI_MAX, check_ciphers, references_in
from compute.balancer.trust import UNUSED_SECONDS
from compute.core.errors import BadRequest
from compute.secret.client import Certificate
from test.fakes.certificates import Authority
from test.unit.compute.balancer.house import House
from test.unit.compute.balancer.secrets import consumers, contain, keep
from test.unit.compute.network.house import HOST, OTHER, OWNER

AUTHORITY = Authority()
ISSUED = AUTHORITY.issue("web.example")
KEPT = Certificate(ISSUED.pem, ISSUED.key_pem)


def secure(house: House, **fields: Any) -> tuple[Any, Any]:
    """A load balancer with a listener that ends TLS."""
    balancer = house.balancer()
    given = {"protocol": "TERMINATED_HTTPS", "protocol_port": 443, **fields}
    if "default_tls_container_ref" not in given:
        given["default_tls_container_ref"] = contain(house.secrets, ISSUED)
    return balancer, house.listener(balancer, **given)


def keys(house: House, balancer: Any) -> dict[str, str]:
    return dict(house.client.keys(HOST, balancer["id"]).files)


def test_a_host_gets_keys_when_it_asks(house: House) -> None:
    balancer, listener = secure(house)
    (view,) = house.client.host_view(HOST)
    assert view.has_keys and "PRIVATE" not in view.configuration
    ((name, text),) = keys(house, balancer).items()
    assert f"ssl crt {name}" in view.configuration
    assert text.encode() == bundle(KEPT)
    assert listener["tls_versions"] == ["TLSv1.2", "TLSv1.3"]
    assert listener["client_authentication"] == "NONE"
    # To nobody else: neither to another host, nor to the owner.
    path = f"//internal/hosts/{HOST}/balancers/{balancer['id']}/keys"
    assert house.ask("GET", path, roles="admin").status == 404
    with pytest.raises(Exception, match="404"):
        house.client.keys("elsewhere", balancer["id"])
    # And it is in no table.
    for table in tables.metadata.sorted_tables:
        with house.network.database.engine.connect() as connection:
            for row in connection.execute(table.select()):
                assert "PRIVATE" not in str(row)


def test_a_renewed_secret_is_another_configuration(house: House) -> None:
    balancer, listener = secure(house)
    before = house.configuration(balancer)
    house.change(f"listeners/{listener['id']}", "listener", name="same")
    assert house.configuration(balancer) != before
    bundled = keep(house.secrets, AUTHORITY.issue("new.example").bundle())
    house.change(
        f"listeners/{listener['id']}", "listener", default_tls_container_ref=bundled
    )
    ((_, text),) = keys(house, balancer).items()
    assert text.encode() != bundle(KEPT) and "PRIVATE KEY" in text


def test_it_is_known_who_uses_a_secret_until_nobody_does(house: House) -> None:
    reference = contain(house.secrets, ISSUED)
    balancer, listener = secure(house, default_tls_container_ref=reference)
    (known,) = consumers(house.secrets, reference)
    assert balancer["id"] in str(known)
    house.clock.advance(UNUSED_SECONDS + 1)
    house.hear()
    house.loop.once()
    assert consumers(house.secrets, reference)
    house.delete(f"listeners/{listener['id']}")
    house.loop.once()
    assert consumers(house.secrets, reference) == []
    assert house.client.keys(HOST, balancer["id"]).files == {}


def test_who_sees_a_listener_or_a_load_balancer_gone_may_delete_its_secret(
    house: House,
) -> None:
    first, second = contain(house.secrets, ISSUED), contain(house.secrets, ISSUED)
    balancer, listener = secure(house, default_tls_container_ref=first)
    house.listener(
        balancer,
        protocol="TERMINATED_HTTPS",
        protocol_port=444,
        default_tls_container_ref=second,
    )
    house.hear()
    house.delete(f"listeners/{listener['id']}")
    house.hear()
    assert house.ask("GET", f"/listeners/{listener['id']}").status == 404
    assert consumers(house.secrets, first) == []
    assert consumers(house.secrets, second)
    house.delete(f"loadbalancers/{balancer['id']}?cascade=true")
    house.hear()
    assert house.ask("GET", f"/loadbalancers/{balancer['id']}").status == 404
    assert consumers(house.secrets, second) == []


def test_a_secret_is_used_as_long_as_one_of_its_references_is(house: House) -> None:
    reference = contain(house.secrets, ISSUED)
    elsewhere = reference.replace("http://", "https://elsewhere.")
    balancer, listener = secure(house, default_tls_container_ref=reference)
    second = house.listener(
        balancer,
        protocol="TERMINATED_HTTPS",
        protocol_port=444,
        default_tls_container_ref=elsewhere,
    )
    house.hear()
    house.delete(f"listeners/{listener['id']}")
    house.clock.advance(UNUSED_SECONDS + 1)
    house.loop.once()
    assert consumers(house.secrets, reference)
    ((name, _),) = keys(house, balancer).items()
    assert name.startswith(second["id"])
    house.hear()
    house.delete(f"listeners/{second['id']}")
    house.clock.advance(UNUSED_SECONDS + 1)
    house.loop.once()
    assert consumers(house.secrets, reference) == []


def test_nobody_counts_on_what_is_just_given_back(house: House) -> None:
    reference = contain(house.secrets, ISSUED)
    balancer = house.balancer()
    taken = house.listener(balancer, protocol="HTTP", protocol_port=443)
    house.hear()
    given = {
        "loadbalancer_id": balancer["id"],
        "protocol": "TERMINATED_HTTPS",
        "protocol_port": 443,
        "default_tls_container_ref": reference.replace("http", "https"),
    }
    # Entrusted, and then there is no such listener after all.
    assert house.refused("listeners", "listener", **given)[0] == 409
    house.clock.advance(UNUSED_SECONDS + 1)
    caller, statuses = house.secrets.caller, []

    class Slow:
        """Somebody asks for the secret just before it is given back."""

        def request(self, method: str, path: str, *rest: Any, **more: Any) -> Any:
            if path == "/internal/released":
                statuses.append(house.refused("listeners", "listener", **given)[0])
            return caller.request(method, path, *rest, **more)

    house.secrets.caller = Slow()  # type: ignore[assignment]
    house.loop.once()
    assert statuses == [503]
    assert consumers(house.secrets, reference) == []
    house.delete(f"listeners/{taken['id']}")
    house.hear()
    house.listener(balancer, **{n: it for n, it in given.items() if "id" not in n})
    assert len(keys(house, balancer)) == 1


def test_a_secret_that_is_gone_is_told(house: House) -> None:
    kept = keep(house.secrets, ISSUED.bundle())
    balancer, _ = secure(house, default_tls_container_ref=kept)
    path = kept.partition("/v1")[2]
    assert house.secrets.call("DELETE", path, project=OWNER).status == 409
    got = house.secrets.call("DELETE", f"{path}?force=true", project=OWNER)
    assert got.status == 204, got.body
    found = house.client.keys(HOST, balancer["id"])
    assert found.files == {} and "default_tls_container_ref" in found.problem


def test_nobody_names_what_he_may_not_read(house: House) -> None:
    balancer = house.balancer()
    others = keep(house.secrets, ISSUED.bundle(), project=OTHER)
    wrong = [
        others,
        "http://x/v1/secrets/0b5a1c00-0000-4000-8000-00000000000b",
        "nonsense",
        keep(house.secrets, b"nonsense"),
        keep(house.secrets, ISSUED.pem),
        keep(house.secrets, ISSUED.pem + AUTHORITY.own.key_pem),
    ]
    given = {"protocol": "TERMINATED_HTTPS", "protocol_port": 443}
    for reference in wrong:
        got = house.refused(
            "listeners",
            "listener",
            loadbalancer_id=balancer["id"],
            default_tls_container_ref=reference,
            **given,
        )
        assert got[0] == 400, (reference, got)
    inside = {**given, "default_tls_container_ref": others}
    body = {"vip_subnet_id": house.subnet["id"], "listeners": [inside]}
    assert house.refused("loadbalancers", "loadbalancer", **body)[0] == 400
    assert house.show(f"loadbalancers/{balancer['id']}", "loadbalancer")


def test_clients_that_show_who_they_are(house: House) -> None:
    authority = keep(house.secrets, AUTHORITY.own.pem)
    balancer, listener = secure(
        house,
        client_ca_tls_container_ref=authority,
        client_crl_container_ref=keep(house.secrets, AUTHORITY.revoke(ISSUED)),
        client_authentication="MANDATORY",
        insert_headers={"X-SSL-Client-CN": "true"},
        sni_container_refs=[contain(house.secrets, AUTHORITY.issue("b.example"))],
        hsts_max_age=300,
        hsts_preload=True,
        tls_versions=["TLSv1.1", "TLSv1.2"],
        tls_ciphers="ECDHE-RSA-AES256-GCM-SHA384",
        alpn_protocols=["http/1.1"],
    )
    text = house.configuration(balancer)
    own, sni, ca, crl = sorted(
        keys(house, balancer), key=lambda name: "own sni ca crl".find(name[-9:-5])
    )[:4]
    (bind,) = (line for line in text.splitlines() if " bind " in line)
    words = bind.split()
    assert words.count("crt") == 2 and "verify required" in bind
    assert "ca-file" in words and "crl-file" in words
    assert "no-tlsv10" in words and "no-tlsv13" in words and "no-tlsv12" not in words
    assert "alpn http/1.1" in bind and "@SECLEVEL=0" in bind
    assert "Strict-Transport-Security 'max-age=300; preload'" in text
    assert "set-header X-SSL-Client-CN %{+Q}[ssl_c_s_dn(cn)]" in text
    assert {own, sni, ca, crl} == set(keys(house, balancer))
    policy = house.make(
        "l7policies", "l7policy", listener_id=listener["id"], action="REJECT"
    )
    path = f"l7policies/{policy['id']}/rules"
    for kind, key, value in (
        ("SSL_CONN_HAS_CERT", "", "True"),
        ("SSL_VERIFY_RESULT", "", "10"),
        ("SSL_DN_FIELD", "CN", "it's me"),
    ):
        rule = {"type": kind, "compare_type": "EQUAL_TO", "value": value}
        house.make(path, "rule", **rule, **({"key": key} if key else {}))
    text = house.configuration(balancer)
    assert "!{ ssl_c_used }" in text and "!{ ssl_c_verify 10 }" in text
    assert "ssl_c_s_dn(CN) -m str" in text
    bad = {"type": "SSL_DN_FIELD", "compare_type": "EQUAL_TO", "value": "x"}
    for key in ("CN) -m found", "nonsense"):
        assert house.refused(path, "rule", **bad, key=key)[0] == 400


def test_members_spoken_to_by_tls(house: House) -> None:
    balancer = house.balancer()
    pool = house.pool(
        loadbalancer_id=balancer["id"],
        tls_enabled=True,
        ca_tls_container_ref=keep(house.secrets, AUTHORITY.own.pem),
        tls_container_ref=contain(house.secrets, ISSUED),
        tls_versions=["TLSv1.2"],
    )
    house.listener(balancer, default_pool_id=pool["id"])
    house.member(pool, "10.1.0.10", 443)
    text = house.configuration(balancer)
    (server,) = (line for line in text.splitlines() if "  server " in line)
    assert " ssl crt " in server and " verify required ca-file " in server
    assert "no-tlsv13" in server and len(keys(house, balancer)) == 2
    shown = house.show(f"pools/{pool['id']}", "pool")
    assert shown["ca_tls_container_ref"] and shown["crl_container_ref"] is None
    house.change(f"pools/{pool['id']}", "pool", tls_enabled=False)
    assert keys(house, balancer) == {} and " ssl " not in house.configuration(balancer)


@pytest.mark.parametrize(
    "fields",
    [
        {"default_tls_container_ref": ""},
        {"client_authentication": "MANDATORY"},
        {"client_authentication": "PERHAPS"},
        {"hsts_preload": True},
        {"hsts_max_age": -1},
        {"tls_versions": ["SSLv3"]},
        {"tls_versions": ["TLSv1.2", "TLSv1.2"]},
        {"alpn_protocols": ["h2,x"]},
        {"tls_ciphers": "nonsense"},
        {"tls_ciphers": "TLS_AES_128_GCM_SHA256:TLS_NONSENSE"},
        {"tls_ciphers": "AES128-SHA:TLS_aes"},
        {"tls_ciphers": "AES128-SHA\n  bind :80"},
        {"tls_ciphers": "AES128-SHA' crt x"},
        {"insert_headers": {"X-SSL-Evil": "true"}},
        {"sni_container_refs": ["x"] * (SNI_MAX + 1)},
    ],
)
def test_what_does_not_go_together(house: House, fields: dict[str, Any]) -> None:
    balancer = house.balancer()
    got = house.refused(
        "listeners",
        "listener",
        loadbalancer_id=balancer["id"],
        protocol="TERMINATED_HTTPS",
        protocol_port=443,
        **{"default_tls_container_ref": contain(house.secrets, ISSUED), **fields},
    )
    assert got[0] == 400


def test_headers_of_certificates_need_tls(house: House) -> None:
    balancer = house.balancer()
    for fields in ({"insert_headers": {"X-SSL-Issuer": "true"}}, {"hsts_max_age": 1}):
        got = house.refused(
            "listeners",
            "listener",
            loadbalancer_id=balancer["id"],
            protocol="HTTP",
            protocol_port=80,
            **fields,
        )
        assert got[0] == 400


def test_references_are_found_and_few() -> None:
    body = {"listeners": [{"sni_container_refs": ["a", "b"], "x": {"crl": "c"}}]}
    assert references_in(body) == {"a": "certificate", "b": "certificate"}
    with pytest.raises(BadRequest):
        references_in({"sni_container_refs": [str(n) for n in range(101)]})
    check_ciphers("TLS_AES_128_GCM_SHA256")

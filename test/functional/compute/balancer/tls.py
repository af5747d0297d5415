"""What a load balancer does with TLS, real certificates and real clients."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from test.fakes.certificates import Authority, Issued
from test.functional.compute.balancer.scene import Scene
from test.functional.compute.network_agent.cloud import wait_for
from test.unit.compute.balancer.secrets import contain, keep

NAME = "web.example"


def _file(scene: Scene, name: str, content: bytes) -> str:
    path = scene.directory / name
    path.write_bytes(content)
    return str(path)


def _ask(scene: Scene, balancer: Any, name: str, path: str, *options: str) -> str:
    place = ("--resolve", f"{name}:443:{balancer['vip_address']}")
    authority = ("--cacert", str(scene.directory / "authority.pem"))
    return scene.curl(f"https://{name}{path}", *place, *authority, *options)


def _as(scene: Scene, issued: Issued, name: str) -> tuple[str, ...]:
    """A client with that certificate."""
    certificate = _file(scene, f"{name}.pem", issued.pem)
    return ("--cert", certificate, "--key", _file(scene, f"{name}.key", issued.key_pem))


def tls_ends_here(scene: Scene) -> None:
    authority, secrets = Authority(), scene.house.secrets
    _file(scene, "authority.pem", authority.own.pem)
    other, client, banned = (
        authority.issue(name) for name in ("other.example", "client", "banned")
    )
    balancer, _, pool = scene.balancer("one")
    listener = scene.make(
        "listeners",
        "listener",
        loadbalancer_id=balancer["id"],
        protocol="TERMINATED_HTTPS",
        protocol_port=443,
        default_pool_id=pool["id"],
        default_tls_container_ref=contain(secrets, authority.issue(NAME)),
        sni_container_refs=[keep(secrets, other.bundle())],
        hsts_max_age=300,
        insert_headers={
            "X-Forwarded-Proto": "true",
            "X-SSL-Client-CN": "true",
            "X-SSL-Client-Has-Cert": "true",
        },
    )
    path = f"listeners/{listener['id']}"
    # (The host's walls open a moment after the network knows that they are to.)
    wait_for("open", lambda: _ask(scene, balancer, NAME, "/") != "")
    text = _ask(scene, balancer, NAME, "/", "-i")
    assert text.startswith("HTTP/2 200") and "max-age=300" in text
    sent = json.loads(text.partition("\n\n")[2])["headers"]
    told = {name.lower(): value for name, value in sent.items()}
    assert told["x-forwarded-proto"] == "https"
    assert told["x-ssl-client-has-cert"] == "0"
    assert json.loads(_ask(scene, balancer, "other.example", "/"))["name"] == "one"
    _keys_are_nowhere(scene, balancer)
    # Clients that must show who they are, and those who may not come any more.
    scene.change(
        path,
        "listener",
        client_ca_tls_container_ref=keep(secrets, authority.own.pem),
        client_crl_container_ref=keep(secrets, authority.revoke(banned)),
        client_authentication="MANDATORY",
        tls_versions=["TLSv1.2"],
    )
    assert _ask(scene, balancer, NAME, "/") == ""
    assert _ask(scene, balancer, NAME, "/", *_as(scene, banned, "banned")) == ""
    known = _as(scene, client, "client")
    sent = json.loads(_ask(scene, balancer, NAME, "/", *known))["headers"]
    told = {name.lower(): value for name, value in sent.items()}
    assert "client" in told["x-ssl-client-cn"]
    assert _ask(scene, balancer, NAME, "/", *known, "--tlsv1.3") == ""
    scene.make(
        "l7policies",
        "l7policy",
        listener_id=listener["id"],
        action="REJECT",
        rules=[
            {
                "type": "SSL_DN_FIELD",
                "compare_type": "EQUAL_TO",
                "key": "CN",
                "value": "client",
            }
        ],
    )
    code = ("-o", "/dev/null", "-w", "%{http_code}")
    assert _ask(scene, balancer, NAME, "/", *known, *code) == "403"
    _again_to_members(scene, balancer, authority, path)


def _again_to_members(
    scene: Scene, balancer: Any, authority: Authority, path: str
) -> None:
    """The load balancer is a member of its own: the other side of TLS."""
    secrets = scene.house.secrets
    scene.change(
        path,
        "listener",
        client_authentication="NONE",
        client_ca_tls_container_ref=None,
        client_crl_container_ref=None,
    )
    member = {"address": balancer["vip_address"], "protocol_port": 443}
    scene.make(
        "listeners",
        "listener",
        loadbalancer_id=balancer["id"],
        protocol="HTTP",
        protocol_port=81,
        default_pool={
            "protocol": "HTTP",
            "lb_algorithm": "ROUND_ROBIN",
            "tls_enabled": True,
            "ca_tls_container_ref": keep(secrets, authority.own.pem),
            "members": [member],
        },
    )
    assert scene.get(balancer, port=81)["name"] == "one"
    pools = scene.house.ok("GET", "/pools", tls_enabled="true")["pools"]
    stranger = keep(secrets, Authority("stranger").own.pem)
    scene.change(f"pools/{pools[0]['id']}", "pool", ca_tls_container_ref=stranger)
    code = ("-o", "/dev/null", "-w", "%{http_code}")
    assert scene.curl(f"http://{balancer['vip_address']}:81/", *code) == "503"
    scene.delete(path)
    wait_for("closed", lambda: _ask(scene, balancer, NAME, "/", "-m", "1") == "")


def _keys_are_nowhere(scene: Scene, balancer: Any) -> None:
    """Neither on a disk, nor in memory that has a name."""
    for place in (scene.directory, Path("/run"), Path("/dev/shm")):
        for directory, _, names in os.walk(place):
            for name in names:
                path = Path(directory, name)
                if not path.is_file() or "secrets" in path.parts:
                    continue  # (the key manager's own are sealed)
                content = b""
                with contextlib.suppress(OSError):  # a namespace, or gone by now
                    content = path.read_bytes()
                assert b"PRIVATE KEY" not in content, path
    # A process that is killed gets them again.
    (process, *_) = scene.processes(balancer)
    os.kill(process.number, 9)
    wait_for("it is back", lambda: _ask(scene, balancer, NAME, "/") != "")

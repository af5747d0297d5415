"""A cloud with two control hosts, one of which is lost; run apart: python -m ... DIR

Three machines: two are store, proxy and control plane, the third is store and a
simulated host.  Their tables are in PostgreSQL, and a haproxy stands before them.  What
one control host sealed the other reads, keys are rotated on one and spread, and the
cloud goes on with either.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openstack

from test.functional.compute.deploy.machines import HERE, Bare, lay_wire, run
from test.functional.compute.deploy.real_deployment import COMMAND_SECONDS, Site, tell
from test.servers.postgresql import postgresql
from test.servers.program import running

FRONT = f"http://{HERE}:5000"
STORE = f"http://{HERE}:8080"
DATABASE_PORT = 5432
PYTHON = "/opt/ringstack/current/bin/python"
CONF = "/etc/ringstack/cloud.conf"
TEMPLATE = """
heat_template_version: 2018-08-31
resources:
  secret: {type: OS::Heat::RandomString}
outputs:
  secret: {value: {get_attr: [secret, value]}}
"""


@contextmanager
def front(directory: Path, database: str, machines: list[Bare]) -> Iterator[None]:
    """What clients, and control hosts that look for their tables, come to."""
    lines = [
        "defaults",
        "  mode http",
        "  timeout connect 2s",
        "  timeout client 60s",
        "  timeout server 60s",
        "  option redispatch",
        "  default-server inter 500ms fall 2 rise 1",
    ]
    for name, port in (("cloud", 5000), ("store", 8080)):
        lines += [f"listen {name}", f"  bind {HERE}:{port}"]
        lines.append("  option httpchk GET /healthcheck")
        lines += [f"  server {m.name} {m.address}:{port} check" for m in machines]
    lines += ["listen database", "  mode tcp", f"  bind {HERE}:{DATABASE_PORT}"]
    lines.append(f"  server it 127.0.0.1:{database}")
    settings = directory / "haproxy.cfg"
    settings.write_text("\n".join(lines) + "\n", "utf-8")
    command = ["haproxy", "-db", "-f", str(settings)]
    with running(command, directory / "haproxy.log", lambda: True):
        yield


def main(directory: Path) -> None:
    key = directory / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    authorized = key.with_suffix(".pub").read_text("ascii").strip()
    machines = lay_wire(["alpha", "beta", "gamma"], directory, authorized)
    for machine in machines:
        machine.power_on()
    with postgresql() as server:
        url = server.new_database()
        port, _, name = url.rpartition(":")[2].partition("/")
        there = f"{HERE}:{DATABASE_PORT}/{name}"
        with front(directory, port, machines[:2]):
            site = Site(directory, machines)
            site.changes = {
                "cloud": {
                    # What stands before them speaks what it likes.
                    "tls": "no",
                    "public_url": FRONT,
                    "store_url": STORE,
                    "database": f"postgresql+psycopg2://tester@{there}",
                    "federation": str(_providers(directory)),
                },
                "host:alpha": {"roles": "store, proxy, control"},
                "host:beta": {"roles": "store, proxy, control"},
                "host:gamma": {"roles": "store, compute"},
            }
            _make(site)
            _share(site)
            _rotate(site)
            _lose_one(site)


def _providers(directory: Path) -> Path:
    """Whom identity is to ask, in the operator's words."""
    (directory / "example-secret").write_text("known there\n", "utf-8")
    file = directory / "federation.conf"
    file.write_text(
        "[example]\nissuer = https://login.example.com\nclient_id = ringstack\n"
        "client_secret_file = example-secret\n",
        "utf-8",
    )
    return file


def _secret(site: Site, name: str) -> Path:
    settings = site.directory / name / "upper" / "etc" / "ringstack"
    return settings / "federation-example.secret"


def _make(site: Site) -> None:
    site.write(["alpha", "beta", "gamma"])
    said = site("apply")
    assert "beta: keys identity/token-keys, of alpha" in said, said
    assert site.plan() == {"alpha": [], "beta": [], "gamma": []}
    kept = [_state(site, name) for name in ("alpha", "beta")]
    for place in ("admin-password", "dashboard/session-key"):
        assert len({(each / place).read_bytes() for each in kept}) == 1, place
    secrets = [_secret(site, name) for name in ("alpha", "beta")]
    assert [each.read_text("utf-8") for each in secrets] == ["known there\n"] * 2
    assert not _secret(site, "gamma").exists()
    tell("two control hosts with the same keys")


def _state(site: Site, name: str) -> Path:
    return site.directory / name / "upper" / "var" / "lib" / "ringstack" / "cloud"


def _admin(site: Site, url: str = FRONT, **identity: Any) -> Any:
    password = (_state(site, "beta") / "admin-password").read_text("ascii").strip()
    return openstack.connect(
        auth_url=f"{url}/identity/v3",
        project_name="admin",
        project_domain_id="default",
        load_yaml_config=False,
        load_envvars=False,
        **(identity or _by(password)),
    )


def _by(password: str) -> dict[str, str]:
    return {"username": "admin", "password": password, "user_domain_id": "default"}


def _believes(site: Site, token: str, machine: Bare) -> bool:
    """Whether this control host takes another's token."""
    url = f"http://{machine.address}:5000"
    cloud = _admin(site, url, auth_type="token", token=token)
    return "admin" in [user.name for user in cloud.identity.users()]


def _stacks(cloud: Any, machine: Bare) -> list[str]:
    """As this control host tells them, sealed rows and all."""
    url = f"http://{machine.address}:5000/orchestration/v1/{cloud.current_project_id}"
    stack = cloud.session.get(f"{url}/stacks/kept").json()["stack"]
    return [each["output_value"] for each in stack["outputs"]]


def _volumes(cloud: Any, machine: Bare) -> list[str]:
    """As this control host tells them, whoever has their files."""
    url = f"http://{machine.address}:5000/volume/v3/{cloud.current_project_id}/volumes"
    return [each["name"] for each in cloud.session.get(url).json()["volumes"]]


def _share(site: Site) -> None:
    alpha, beta = site.machines[:2]
    one = _admin(site, f"http://{alpha.address}:5000")
    assert _believes(site, one.auth_token, beta)
    cloud = _admin(site)
    cloud.orchestration.create_stack(name="kept", template=TEMPLATE)
    deadline = time.monotonic() + COMMAND_SECONDS
    while cloud.orchestration.find_stack("kept").status != "CREATE_COMPLETE":
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert _stacks(cloud, alpha) == _stacks(cloud, beta)
    volume = cloud.block_storage.create_volume(size=1, name="kept")
    cloud.block_storage.wait_for_status(volume, wait=COMMAND_SECONDS)
    assert _volumes(cloud, alpha) == _volumes(cloud, beta) == ["kept"]
    cloud.compute.create_flavor(name="small", ram=64, vcpus=1, disk=1)
    cloud.image.create_image("disk", data=b"disk" * 1000, disk_format="raw")
    _boot(cloud, "before")
    tell("each reads what the other wrote")


def _boot(cloud: Any, name: str) -> None:
    server = cloud.compute.create_server(
        name=name,
        flavor_id=cloud.compute.find_flavor("small").id,
        image_id=cloud.image.find_image("disk").id,
        networks="none",
    )
    cloud.compute.wait_for_server(server, wait=COMMAND_SECONDS)


def _rotate(site: Site) -> None:
    """On one host; ``apply`` brings the keys to the other."""
    words = f"{PYTHON} -I -m compute.cli identity rotate-token-keys {CONF}"
    beta = site.machines[1]
    # Not whom root of this machine knows, from an earlier run.
    known = site.inventory.with_suffix(".site") / "known_hosts"
    run(
        *("ssh", "-i", str(site.directory / "key"), "-o", "BatchMode=yes"),
        *("-o", f"UserKnownHostsFile={known}", f"root@{beta.address}"),
        f"setpriv --reuid=ringstack --regid=ringstack --clear-groups {words}",
    )
    told = site.plan()
    assert [each["subject"] for each in told["alpha"]] == ["identity/token-keys"], told
    assert told["beta"] == []
    (site.directory / "example-secret").write_text("changed there\n", "utf-8")
    said = site("apply")
    assert "alpha: keys identity/token-keys, of beta" in said
    assert "restart" not in said, said
    assert _secret(site, "alpha").read_text("utf-8") == "changed there\n"
    assert site.plan() == {"alpha": [], "beta": [], "gamma": []}
    # With keys so new that the other may still be looking at those before.
    fresh = _admin(site, f"http://{beta.address}:5000")
    assert _believes(site, fresh.auth_token, site.machines[0])
    tell("keys rotated on one host are the other's too")


def _lose_one(site: Site) -> None:
    """The one that made everything, with its part of the store."""
    alpha, beta = site.machines[:2]
    token = _admin(site, f"http://{alpha.address}:5000").auth_token
    alpha.power_off()
    assert _believes(site, token, beta)
    deadline = time.monotonic() + COMMAND_SECONDS
    while True:
        try:
            cloud = _admin(site)
            _boot(cloud, "after")
            break
        except openstack.exceptions.SDKException:
            # Until the front has noticed.
            assert time.monotonic() < deadline
            time.sleep(0.5)
    assert len(_stacks(cloud, beta)[0]) == 32
    assert {server.name for server in cloud.compute.servers()} >= {"before", "after"}
    tell("the cloud went on without its first control host")
    alpha.power_on()
    site("apply")
    site("status")
    assert _believes(site, token, alpha)
    tell("and has it back")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

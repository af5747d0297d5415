"""A cloud deployed on bare machines, and through its life; run apart:
python -m ... DIRECTORY

Three machines with an sshd each become a store of three zones, proxies, and a control
plane with a simulated host.  What goes in comes out while one is off; an upgrade waits
for it, and goes through under load; a fourth machine joins; a lost site harms nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import openstack
import pytest
from swiftclient import Connection

from test.functional.compute.deploy.machines import Bare, lay_wire, run
from test.functional.harness.tools import swift
from test.functional.harness.users import User

CHECKOUT = Path(__file__).resolve().parents[4]
PACKAGES = ("ring", "objectstore", "compute")
LOGIN = "test:tester"
COMMAND_SECONDS = 120.0
# More than what an object's log takes in one record.
LARGE = 300_000
STARTED = time.monotonic()


@dataclass
class Site:
    """The operator's desk: an inventory, and the command."""

    directory: Path
    machines: list[Bare]
    checkout: Path = CHECKOUT
    changes: dict[str, dict[str, str]] = field(default_factory=dict)
    policies: str = "Policy-0"

    @property
    def inventory(self) -> Path:
        return self.directory / "cloud.inventory"

    @property
    def key(self) -> str:
        """Of the store's user."""
        found = json.loads(
            self.inventory.with_suffix(".site").joinpath("secrets.json").read_text()
        )
        return str(found["user_keys"][LOGIN])

    @property
    def authority(self) -> str:
        """The file of whom clients believe."""
        path = self.directory / "authority.pem"
        path.write_text(self("authority"))
        return str(path)

    @property
    def release(self) -> str:
        """What machines should run."""
        return (
            self.inventory.with_suffix(".site").joinpath("release").read_text().strip()
        )

    def write(self, names: list[str]) -> None:
        """The inventory, with these machines."""
        sections: dict[str, dict[str, str]] = {
            "cloud": {"ssh_key": str(self.directory / "key")},
            "store": {
                "part_power": "6",
                "min_part_hours": "0",
                "weight_step": "100",
                "mount_check": "no",
                "users": f"{LOGIN} .admin",
                "policies": self.policies,
            },
            "store.conf:server": {
                "reserve": "8 MiB",
                "body_reserve": "8 MiB",
                "segment": "2 MiB",
            },
            "store.conf:replication": {"interval": "500 ms"},
            "agent.conf:agent": {"look": "500 ms"},
        }
        for zone, machine in enumerate(self.machines, 1):
            if machine.name not in names:
                continue
            sections[f"host:{machine.name}"] = {
                "address": machine.address,
                "zone": str(zone),
                "roles": "store, proxy",
                "devices": "d1 100",
            }
        sections["host:gamma"]["roles"] += ", control, compute"
        sections["host:gamma"]["hypervisor"] = "sim"
        for name, options in self.changes.items():
            sections.setdefault(name, {}).update(options)
        text = "\n".join(
            f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in options.items())
            for name, options in sections.items()
        )
        self.inventory.write_text(text, "utf-8")

    def start(self, verb: str, *words: str) -> subprocess.Popen[str]:
        """The command, under way."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "compute", "deploy"),
                verb,
                *words,
                str(self.inventory),
            ],
            cwd=self.checkout,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(self, verb: str, *words: str, expected: int | None = 0) -> str:
        """The command; what it printed.  ``expected``: its exit code; None: any."""
        process = self.start(verb, *words)
        said, _ = process.communicate(timeout=COMMAND_SECONDS)
        if expected is None:
            return said
        if process.returncode != expected:
            for log in sorted(self.directory.glob("*/upper/var/log/ringstack/*.log")):
                print(f"==== {log}", *log.read_text().splitlines()[-15:], sep="\n")
        assert process.returncode == expected, f"{verb}: {process.returncode}\n{said}"
        return said

    def plan(self) -> dict[str, Any]:
        """What would be done."""
        process = subprocess.run(
            [
                sys.executable,
                "-m",
                "compute",
                "deploy",
                "plan",
                "--json",
                self.inventory,
            ],
            cwd=self.checkout,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        return dict(json.loads(process.stdout)["changes"])


class Load(threading.Thread):
    """Somebody who writes and reads all the time, with a client that tries again."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(daemon=True)
        self._client = _connection(url, key)
        self._ends = threading.Event()
        self.failures: list[str] = []
        self.rounds = 0

    def run(self) -> None:
        while not self._ends.is_set():
            body = f"round {self.rounds}".encode()
            name = f"load-{self.rounds % 50}"
            try:
                self._client.put_object("box", name, body)
                _, found = self._client.get_object("box", name)
                if found != body:
                    self.failures.append(f"{name}: {found!r}, not {body!r}")
            except Exception as error:
                self.failures.append(f"{name}: {error!r}")
            self.rounds += 1
            # Somebody, not a storm: what restarts shares these processors.
            time.sleep(0.1)

    def stop(self) -> None:
        self._ends.set()
        self.join(COMMAND_SECONDS)


def tell(what: str) -> None:
    """That it is done, and when."""
    print(f"{what} (after {time.monotonic() - STARTED:.1f} s)", flush=True)


def main(directory: Path) -> None:
    key = directory / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    names = ["alpha", "beta", "gamma", "delta"]
    authorized = key.with_suffix(".pub").read_text("ascii").strip()
    machines = lay_wire(names, directory, authorized)
    # The fourth comes later.
    for machine in machines[:3]:
        machine.power_on()
    site = Site(directory, machines)
    _make(site)
    _upgrade(site, machines[1])
    _grow(site)
    _is_filled(site)
    _drain(site)
    # While what was drained arrives.
    _lose_the_site(site)
    _leave(site)


def _make(site: Site) -> None:
    """From nothing; killed in the middle, and run again."""
    site.write(["alpha", "beta", "gamma"])
    assert "obstacle" not in site("check")
    assert {name: len(each) for name, each in site.plan().items()}["alpha"] > 10
    tell("checked and planned")
    killed = site.start("apply")
    assert killed.stdout is not None
    for line in killed.stdout:
        if "account.ring.gz" in line:
            break
    refused = site("apply", expected=2)
    assert "another deployment is at work" in refused
    killed.kill()
    killed.wait()
    site("apply")
    tell("deployed, though killed in the middle")
    # As an operator tells every client there is.
    os.environ["OS_CACERT"] = os.environ["AWS_CA_BUNDLE"] = site.authority
    assert site.plan() == {"alpha": [], "beta": [], "gamma": []}
    site("status")
    for path in site.directory.glob("*/upper/etc/ringstack/*.conf"):
        assert path.stat().st_mode & 0o007 == 0, path
    tree = site.directory / "tree"
    tree.mkdir()
    (tree / "large").write_bytes(bytes(range(250)) * (LARGE // 250))
    (tree / "small").write_bytes(b"small")
    user = User("test", "tester", site.key)
    endpoint = f"https://{site.machines[0].address}:8080"
    swift(endpoint, user, "upload", "box", "large", "small", directory=tree)
    tell("uploaded with swift")
    _look_at_the_cloud(site)
    _look_at_the_wire(site)


def _look_at_the_wire(site: Site) -> None:
    """Who has no certificate is told nothing; certificates are renewed beside it."""
    alpha = site.machines[0].address
    trust = os.environ["OS_CACERT"]
    s3 = boto3.client(
        "s3",
        endpoint_url=f"https://{alpha}:8080",
        region_name="us-east-1",
        aws_access_key_id=LOGIN,
        aws_secret_access_key=site.key,
    )
    assert "box" in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    for port in (6200, 8080):
        with pytest.raises(OSError, match=r"^HTTP Error 400"):
            urlopen(f"http://{alpha}:{port}/healthcheck", timeout=5)
    ours = ssl.create_default_context(cafile=trust)
    assert urlopen(f"https://{alpha}:8080/healthcheck", context=ours).status == 200
    # By its alert, or before that has arrived by the end of the connection.
    with pytest.raises(OSError, match=r"(?i)certificate required|eof|reset|pipe"):
        urlopen(f"https://{alpha}:6200/healthcheck", context=ours, timeout=5)
    kept = site.inventory.with_suffix(".site") / "certificates" / "alpha.pem"
    before = kept.read_text()
    kept.unlink()
    said = site("status", expected=1)
    assert "none: apply" in said, said
    assert "file /etc/ringstack/certificate.pem" in site("apply")
    assert kept.read_text() != before
    there = site.directory / "alpha" / "upper" / "etc" / "ringstack" / "certificate.pem"
    assert there.stat().st_mode & 0o777 == 0o600
    assert there.read_text() == kept.read_text()
    tell("encrypted, and a certificate renewed")


def _is_renewed(site: Site) -> None:
    """Servers look for another certificate themselves, some seconds later."""
    alpha = site.machines[0].address
    kept = site.inventory.with_suffix(".site") / "certificates" / "alpha.pem"
    deadline = time.monotonic() + COMMAND_SECONDS
    while ssl.get_server_certificate((alpha, 8080)).strip() not in kept.read_text():
        assert time.monotonic() < deadline, "the renewed certificate is not shown"
        time.sleep(0.5)
    tell("and it is shown")


def _admin(site: Site) -> Any:
    """The cloud's administrator, whose password the control host has."""
    state = site.directory / "gamma" / "upper" / "var" / "lib" / "ringstack" / "cloud"
    return openstack.connect(
        auth_url=f"https://{site.machines[2].address}:5000/identity/v3",
        username="admin",
        password=(state / "admin-password").read_text("ascii").strip(),
        project_name="admin",
        user_domain_id="default",
        project_domain_id="default",
        cacert=os.environ["OS_CACERT"],
        load_yaml_config=False,
        load_envvars=False,
    )


def _wait_for_host(cloud: Any, name: str) -> None:
    deadline = time.monotonic() + COMMAND_SECONDS
    while name not in [each.name for each in cloud.compute.hypervisors()]:
        assert time.monotonic() < deadline, "the agent does not report"
        time.sleep(0.2)


def _look_at_the_cloud(site: Site) -> None:
    cloud = _admin(site)
    _wait_for_host(cloud, "gamma")
    # With the cloud's token in the store: each believes the other.
    cloud.object_store.create_container("admins")
    assert [each.name for each in cloud.object_store.containers()] == ["admins"]
    tell("the cloud has its host, and an account in the store")


def _client(site: Site, number: int) -> Connection:
    url = f"https://{site.machines[number].address}:8080/auth/v1.0"
    return _connection(url, site.key)


def _connection(url: str, key: str) -> Connection:
    trust = os.environ["OS_CACERT"]
    return Connection(url, LOGIN, key, retries=5, starting_backoff=0.2, cacert=trust)


def _upgrade(site: Site, lost: Bare) -> None:
    """Another release: refused while a zone is off, then zone by zone under load, with
    two policies that were not there before."""
    lost.power_off()
    _, body = _client(site, 2).get_object("box", "large")
    assert body == (site.directory / "tree" / "large").read_bytes()
    _client(site, 0).put_object("box", "while-it-was-off", b"kept")
    newer = site.directory / "newer"
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, newer / package)
    with (newer / "ring" / "errors.py").open("a") as file:
        file.write("\n# A newer release.\n")
    before = site.release
    site.checkout = newer
    said = site("upgrade", expected=2)
    assert "beta: is away" in said, said
    assert "replicas may be all there are: restart store in zone 1" in said, said
    assert before != site.release
    # Nothing has been restarted.
    _is_renewed(site)
    lost.power_on()
    tell("one machine lost its power, and came back")
    # Nothing had been restarted, so nothing is.
    said = site("rollback")
    assert site.release == before and "restart" not in said, said
    tell("back to the release before")
    load = Load(f"https://{site.machines[0].address}:8080/auth/v1.0", site.key)
    load.start()
    # No run got through with the newer one: that is no release to go back to.
    assert "there is no release before" in site("rollback", expected=2)
    site.policies = "Policy-0, extra, coded:2+1"
    site.write(["alpha", "beta", "gamma"])
    said = site("upgrade")
    load.stop()
    zones = [line for line in said.splitlines() if line.startswith("restart store")]
    assert len(zones) == 3, said
    assert load.failures == [], load.failures
    assert load.rounds > 10
    _, body = _client(site, 1).get_object("box", "while-it-was-off")
    assert body == b"kept"
    status = site("status")
    assert status.count(site.release) == 5, status
    for policy in ("extra", "coded"):
        headers = {"X-Storage-Policy": policy}
        _client(site, 0).put_container(policy, headers)
        _client(site, 1).put_object(policy, "large", bytes(LARGE))
        assert _client(site, 2).get_object(policy, "large")[1] == bytes(LARGE)
    tell("two policies were added")
    tell(f"upgraded under load: {load.rounds} rounds, no failure")


def _grow(site: Site) -> None:
    """A fourth machine; then nobody may simply leave, or be forgotten alive."""
    names = [machine.name for machine in site.machines]
    site.machines[3].power_on()
    site.write(names)
    said = site("apply", "--wait")
    assert "+delta/d1" in said, said
    site.write(names[:3])
    assert "put it back" in site("apply", expected=2)
    assert "it is not lost" in site("apply", "--forget", "delta", expected=2)
    site.write(names)
    tell("a fourth machine joined")


def _lose_the_site(site: Site) -> None:
    """The worst day: what hosts have is not written over by what is drawn anew."""
    kept = site.directory / "kept"
    there = site.inventory.with_suffix(".site")
    there.rename(kept)
    said = site("apply", expected=2)
    assert "another hash_suffix than the site's" in said, said
    assert "the ring object, whose builder the site lacks" in said, said
    assert not list(there.glob("*.builder"))
    shutil.rmtree(there)
    kept.rename(there)
    assert site.plan()["alpha"] == []
    tell("a lost site destroyed nothing")


def _is_filled(site: Site) -> None:
    """The new machine has got its share, and all serve everything."""
    device = site.directory / "delta" / "upper" / "srv" / "node" / "d1"
    deadline = time.monotonic() + COMMAND_SECONDS
    while not any(device.rglob("*.db")):
        assert time.monotonic() < deadline, "nothing came to the fourth machine"
        time.sleep(0.2)
    for number in range(len(site.machines)):
        _, listed = _client(site, number).get_container("box")
        assert {"large", "while-it-was-off"} <= {each["name"] for each in listed}
    tell("and serves its share")


def _drain(site: Site) -> None:
    """The fourth machine gives all away, servers too."""
    names = [machine.name for machine in site.machines]
    roles = {"roles": "store, proxy, compute", "hypervisor": "sim"}
    site.changes = {"host:delta": dict(roles)}
    site.write(names)
    site("apply")
    cloud = _admin(site)
    _wait_for_host(cloud, "delta")
    cloud.compute.create_flavor(name="small", ram=64, vcpus=1, disk=1)
    cloud.image.create_image("disk", data=b"disk" * 1000, disk_format="raw")
    servers = [
        cloud.compute.create_server(
            name=name,
            flavor_id=cloud.compute.find_flavor("small").id,
            image_id=cloud.image.find_image("disk").id,
            networks="none",
            availability_zone="nova:delta",
        )
        for name in ("runs", "stands")
    ]
    for server in servers:
        cloud.compute.wait_for_server(server, wait=COMMAND_SECONDS)
    cloud.compute.stop_server(servers[1])
    cloud.compute.wait_for_server(servers[1], "SHUTOFF", wait=COMMAND_SECONDS)
    site.changes["host:delta"]["state"] = "drained"
    site.write(names)
    said = site("plan", expected=1)
    assert "moves live" in said and "moves as it is, stopped" in said, said
    killed = site.start("apply", "--wait")
    assert killed.stdout is not None
    for line in killed.stdout:
        if "weight 100 -> 0" in line:
            break
    killed.kill()
    killed.wait()
    deadline = time.monotonic() + COMMAND_SECONDS
    while "delta: server" in (said := site("apply", expected=None)):
        assert time.monotonic() < deadline, said
    found = {each.name: each for each in cloud.compute.servers(all_projects=True)}
    assert {each.compute_host for each in found.values()} == {"gamma"}
    assert {name: each.status for name, each in found.items()} == {
        "runs": "ACTIVE",
        "stands": "SHUTOFF",
    }
    tell("a machine is being drained, though killed in the middle")


def _leave(site: Site) -> None:
    """Its line may go when all has arrived, and not before."""
    names = [machine.name for machine in site.machines]
    said = site("apply", "--wait")
    assert "delta/d1 is empty: it may go from the inventory" in said, said
    site.changes = {}
    site.write(names[:3])
    assert "-delta/d1" in site("apply")
    _, body = _client(site, 0).get_object("box", "large")
    assert body == (site.directory / "tree" / "large").read_bytes()
    tell("and has left")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

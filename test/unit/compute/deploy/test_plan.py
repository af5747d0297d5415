"""Plans: what lies between wishes and findings, and nothing else."""

from __future__ import annotations

import base64
import configparser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compute.app.rooms import SETTINGS
from compute.deploy.checks import Machine, judge
from compute.deploy.plan import farewells, interruption, plan, query, service_changes
from compute.deploy.settings_files import render
from compute.deploy.wish import HostWishes, wish_for
from compute.settings import load_cloud_settings
from objectstore.settings import load_settings
from test.unit.compute.deploy.inventories import PAPERS, SECRETS, inventory

RINGS = {"object.ring.gz": b"ring"}
HERE = Machine((3, 11), "x86_64")


def wishes(name: str = "gamma", release: str = "1-a") -> HostWishes:
    found = inventory()
    host = next(host for host in found.hosts if host.name == name)
    return wish_for(found, host, SECRETS, RINGS, release, PAPERS)


def bare(wish: HostWishes) -> dict[str, Any]:
    """What a bare machine says."""
    asked = query(wish)
    device = {"is_mount": True, "attributes": True, "total_bytes": 10**12, "holds": ""}
    return {
        "uid": 0,
        "python": [3, 11, 2],
        "machine": "x86_64",
        "system": {"ID": "debian"},
        "memory_bytes": 2**32,
        "systemd": True,
        "apt": True,
        "user": None,
        "packages": [],
        "directories": dict.fromkeys(asked["directories"]),
        "devices": dict.fromkeys(asked["devices"], device),
        "files": dict.fromkeys(asked["files"]),
        "releases": [],
        "current": "",
        "ports": {},
        "services": {},
    }


def deployed(wish: HostWishes) -> dict[str, Any]:
    """What the same says afterwards."""
    found = bare(wish)
    found["user"] = {"uid": 100, "group": wish.user}
    found["directories"] = {
        path: {"is_directory": True, "mode": each.mode, "owner": each.owner}
        for path, each in wish.directories.items()
    }
    found["files"] = {
        path: {
            "sha256": each.sha256,
            "mode": each.mode,
            "owner": each.owner,
            "text": base64.b64encode(each.content).decode(),
        }
        for path, each in wish.files.items()
    }
    found["releases"], found["current"] = [wish.release], wish.release
    found["services"] = {
        name: running(each.digest, wish.release) for name, each in wish.services.items()
    }
    return found


def running(digest: str, release: str) -> Mapping[str, Any]:
    return {
        "pid": 7,
        "deployed": digest,
        "release": release,
        "defined": True,
        "problem": "",
    }


def test_a_bare_machine_gets_everything_in_order() -> None:
    wish = wishes()
    kinds = list(dict.fromkeys(each.kind for each in plan(wish, bare(wish))))
    assert kinds == ["user", "directory", "release", "file", "current", "start"]


def test_what_is_as_wished_is_left_alone() -> None:
    wish = wishes()
    assert plan(wish, deployed(wish)) == []


def test_a_changed_file_is_shown_without_its_secrets() -> None:
    wish = wishes("alpha")
    found = deployed(wish)
    old = wish.files["/etc/ringstack/store.conf"].content.replace(
        b"workers = 1", b"workers = 2"
    )
    found["files"]["/etc/ringstack/store.conf"] |= {
        "sha256": "other",
        "text": base64.b64encode(old).decode(),
    }
    (change,) = plan(wish, found, SECRETS.values())
    assert change.lines == ("-workers = 2", "+workers = 1")
    found["files"]["/etc/ringstack/store.conf"] = None
    (change,) = plan(wish, found, SECRETS.values())
    shown = "\n".join(change.lines)
    assert "user_test_tester = (secret) .admin" in shown
    assert not any(f"= {secret}" in shown for secret in SECRETS.values())


def test_keys_of_certificates_are_never_shown() -> None:
    wish = wishes()
    found = bare(wish)
    found["files"]["/etc/ringstack/certificate.pem"] = {
        "sha256": "other",
        "mode": 0o600,
        "owner": "root:root",
        "text": base64.b64encode(b"PRIVATE KEY").decode(),
    }
    shown = str([(str(each), each.lines) for each in plan(wish, found)])
    assert "/etc/ringstack/certificate.pem" in shown
    assert "PRIVATE" not in shown
    assert wish.files["/etc/ringstack/certificate.pem"].mode == 0o600


def test_a_renewed_certificate_restarts_nothing() -> None:
    wish = wishes()
    found = deployed(wish)
    found["files"]["/etc/ringstack/certificate.pem"]["sha256"] = "older"
    assert [each.kind for each in plan(wish, found)] == ["file"]


def test_what_cannot_speak_with_the_others_is_told() -> None:
    wish = wishes()
    found = deployed(wish)
    assert interruption(wish, bare(wish)) == ""
    for name, service in wish.services.items():
        found["services"][name] = {**found["services"][name], "tls": service.tls}
    assert interruption(wish, found) == ""
    for tls, text in (("", "no TLS"), ("another", "another authority")):
        found["services"]["store"]["tls"] = tls
        assert text in interruption(wish, found)


def test_secrets_of_another_time_are_not_shown_either() -> None:
    wish = wishes()
    found = deployed(wish)
    for name, old in (
        ("cluster.conf", "[cluster]\nhash_suffix = hidden\nsecret = hidden\n"),
        (
            "cloud.conf",
            "[cloud]\ndatabase = postgresql://me:hidden@there/x\n"
            "bus = amqp://me:hidden@there/x\n",
        ),
        ("store.conf", "[filter:tempauth]\nuser_a_b = hidden .admin\n"),
        ("service-password", "hidden\n"),
    ):
        text = base64.b64encode(old.encode()).decode()
        found["files"][f"/etc/ringstack/{name}"] |= {"sha256": "", "text": text}
    changes = plan(wish, found, SECRETS.values())
    shown = "\n".join(line for change in changes for line in change.lines)
    assert "hidden" not in shown
    assert "-user_a_b = (secret) .admin" in shown
    assert "-database = (secret)" in shown
    assert "-bus = amqp://me:(secret)@there/x" in shown


def test_a_value_of_several_lines_stays_one() -> None:
    """However it looks: no line of it becomes a section of a file that root writes."""
    text = render({"pipeline": {"order": "a\n[server]\nworkers = 9", "next": "b"}})
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    assert parser.sections() == ["pipeline"]
    assert set(parser["pipeline"]) == {"order", "next"}


def test_whose_process_was_started_with_something_else_is_restarted() -> None:
    before, after = wishes(release="1-a"), wishes(release="1-b")
    changes = service_changes(after, deployed(before))
    assert {(each.kind, each.subject) for each in changes} == {
        ("restart", "store"),
        ("restart", "cloud"),
        ("restart", "agent"),
    }


def test_what_runs_but_does_not_answer_is_waited_for() -> None:
    wish = wishes("alpha")
    found = deployed(wish)
    found["services"]["store"] = {**found["services"]["store"], "problem": "refused"}
    (change,) = plan(wish, found)
    assert (str(change), change.lines) == ("start store", ("-refused",))


def test_what_does_not_answer_may_be_replaced_at_any_time() -> None:
    """A store is not whole as long as a broken release is in one of its zones."""
    wish, found = wishes("alpha", "1-b"), deployed(wishes("alpha", "1-a"))
    found["services"]["store"] = {**found["services"]["store"], "problem": "refused"}
    assert [each.kind for each in service_changes(wish, found)] == ["replace"]


def test_new_rings_restart_nobody() -> None:
    wish = wishes()
    found = inventory()
    rings = {"object.ring.gz": b"new"}
    moved = wish_for(found, found.hosts[2], SECRETS, rings, "1-a", PAPERS)
    assert [str(each) for each in plan(moved, deployed(wish))] == [
        "file /etc/ringstack/object.ring.gz"
    ]


def test_what_is_wished_no_more_is_stopped_and_old_releases_go() -> None:
    wish = wishes("alpha")
    found = deployed(wish)
    found["services"]["cloud"] = running("x", wish.release)
    found["releases"] = ["1-w", "1-x", "1-y", "1-z", wish.release]
    found["services"]["cloud"] = running("x", "1-y")
    wish = replace(wish, releases_kept=("1-z", wish.release))
    assert [str(each) for each in farewells(wish, found)] == [
        "stop cloud",
        "remove /opt/ringstack/releases/1-w",
        "remove /opt/ringstack/releases/1-x",
    ]


def test_settings_are_such_as_the_servers_read(tmp_path: Path) -> None:
    wish = wishes()
    for path, file in wish.files.items():
        (tmp_path / Path(path).name).write_bytes(file.content)
    store = load_settings(tmp_path / "store.conf")
    assert str(store.node_address) == "10.0.0.3:6200"
    cloud = load_cloud_settings(tmp_path / "cloud.conf", SETTINGS)
    assert cloud.public_url == "https://10.0.0.3:5000"
    agent = load_cloud_settings(tmp_path / "agent.conf", SETTINGS)
    assert agent.url_of("image") == "https://10.0.0.3:5000/image"


def test_what_stands_in_the_way_is_told() -> None:
    wish = wishes()
    found = bare(wish) | {"python": [3, 12, 1], "machine": "aarch64", "systemd": False}
    found["ports"] = {"6200": 99, "8080": 99}
    found["devices"]["/srv/node/d1"] = {
        "is_mount": False,
        "attributes": False,
        "total_bytes": 2**20,
        "holds": "",
    }
    remarks = judge(wish, found, HERE, 3.0, mount_check=True, drawn={})
    obstacles = [remark.text for remark in remarks if remark.is_obstacle]
    assert obstacles == [
        "has Python 3.12; releases are built for 3.11",
        "is a aarch64; releases are built for x86_64",
        "/srv/node/d1 is not mounted (see mount_check)",
        "/srv/node/d1: its file system keeps no extended attributes",
        "port 6200 is in use by process 99",
        "port 8080 is in use by process 99",
    ]
    warnings = [remark.text for remark in remarks if not remark.is_obstacle]
    assert warnings[0] == "its clock is off by +3.0 s: repair NTP"
    assert judge(wish, bare(wish), HERE, 0.0, mount_check=True, drawn={}) == []

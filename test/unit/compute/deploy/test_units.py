"""Services: systemd's units, the supervisor's specifications, their digests."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from compute.deploy.remote.supervisor import pause, read_specification
from compute.deploy.units import ServiceWish, specification, unit, with_digest

STORE = with_digest(
    ServiceWish(
        name="store",
        description="Ringstack's object store",
        argv=("/opt/ringstack/releases/1-a/bin/python", "-m", "x", "/etc/x.conf"),
        user="ringstack",
        writes=("/srv/node",),
        is_caged=True,
        health=("10.0.0.1", 8080),
    ),
    "1-a",
    [("/etc/x.conf", "abc")],
)
GOLDEN = """\
# Written by ringstack deploy.
[Unit]
Description=Ringstack's object store
Wants=network-online.target
After=network-online.target time-sync.target local-fs.target

[Service]
Type=exec
ExecStart=/opt/ringstack/releases/1-a/bin/python -m x /etc/x.conf
ExecReload=/bin/kill -HUP $MAINPID
Environment="RINGSTACK_DEPLOYED={digest}"
Environment="RINGSTACK_RELEASE=1-a"
Environment="LANG=C.UTF-8"
Environment="PYTHONDONTWRITEBYTECODE=1"
User=ringstack
RuntimeDirectory=ringstack/store
SyslogIdentifier=ringstack-store
Restart=always
RestartSec=1
TimeoutStopSec=60
# Whatever it started ends with it; guests belong to libvirt.
KillMode=mixed
LimitNOFILE=1048576
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
CapabilityBoundingSet=
UMask=0027
ReadWritePaths=/srv/node

[Install]
WantedBy=multi-user.target
"""


def test_the_unit_is_as_it_was_reviewed() -> None:
    assert unit(STORE) == GOLDEN.format(digest=STORE.digest)


def test_systemd_finds_no_fault_with_it(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    runnable = replace(STORE, argv=("/bin/true",), user="root", writes=())
    path = tmp_path / "ringstack-store.service"
    path.write_text(unit(runnable), "utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = [line for line in ended.stderr.splitlines() if path.name in line]
    assert told == []


@pytest.mark.parametrize(
    "other",
    [
        with_digest(STORE, "1-b", [("/etc/x.conf", "abc")]),
        with_digest(STORE, "1-a", [("/etc/x.conf", "abd")]),
        with_digest(replace(STORE, user="root"), "1-a", [("/etc/x.conf", "abc")]),
    ],
)
def test_the_digest_is_of_all_that_it_is_started_with(other: ServiceWish) -> None:
    assert other.digest != STORE.digest


def test_the_supervisor_reads_what_was_written_for_it() -> None:
    found = read_specification(specification(STORE))
    assert found.argv == STORE.argv
    assert dict(found.environment)["RINGSTACK_DEPLOYED"] == STORE.digest


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"argv": 1, "user": 2})])
def test_what_is_no_specification_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_specification(text)


def test_what_ends_at_once_is_started_ever_more_rarely() -> None:
    pauses, seconds = [], 0.0
    for _ in range(7):
        seconds = pause(seconds, 0.1)
        pauses.append(seconds)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert pause(30.0, 3600.0) == 1.0

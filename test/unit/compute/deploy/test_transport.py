"""What ssh is told, and what travels: no value of an inventory is a word of a shell."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from compute.deploy import transport
from compute.deploy.transport import Away, Connection, packed_program, ssh_command
from test.unit.compute.deploy.inventories import inventory

KNOWN = Path("/somewhere/known hosts")


def test_what_runs_there_is_the_same_for_every_host() -> None:
    found = inventory({"host:beta": {"ssh_port": "2222"}})
    commands = [ssh_command(host, found.cloud, KNOWN) for host in found.hosts]
    assert len({command[-1] for command in commands}) == 1
    assert [command[-2] for command in commands] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert all(command[-3] == "--" for command in commands)


def test_others_than_root_ask_sudo() -> None:
    found = inventory({"cloud": {"ssh_user": "debian"}})
    command = ssh_command(found.hosts[0], found.cloud, KNOWN)
    assert command[-1].startswith("sudo -n /usr/bin/python3 -I -B -c ")


def test_hosts_keys_are_checked_and_nothing_of_ours_is_forwarded() -> None:
    found = inventory()
    command = ssh_command(found.hosts[0], found.cloud, KNOWN)
    assert "StrictHostKeyChecking=accept-new" in command
    assert 'UserKnownHostsFile="/somewhere/known hosts"' in command
    assert {"ForwardAgent=no", "ClearAllForwardings=yes"} <= set(command)
    known = inventory({"cloud": {"known_hosts": __file__}})
    command = ssh_command(known.hosts[0], known.cloud, KNOWN)
    assert "StrictHostKeyChecking=yes" in command


def test_the_program_is_whole() -> None:
    names = zipfile.ZipFile(BytesIO(packed_program())).namelist()
    assert "compute/deploy/remote/main.py" in names
    assert "compute/deploy/remote/acts.py" in names


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ("echo welcome; cat", "said 'welcome', which is no answer"),
        ("echo '[]'; cat", "is no answer"),
        ("printf '\\033[31mred' >&2; exec >&- <&-", "[31mred"),
    ],
)
def test_what_is_no_answer_is_told_and_harms_nobody(there: str, words: str) -> None:
    with pytest.raises(Away) as told:
        connection = Connection(inventory().hosts[0], ["sh", "-c", there])
        try:
            connection.ask({"verb": "clock"})
        finally:
            connection.close()
    assert words in str(told.value)
    assert "\033" not in str(told.value)


def test_who_is_silent_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(transport.ANSWER_SECONDS, "clock", 0.1)
    connection = Connection(inventory().hosts[0], ["sh", "-c", "exec sleep 60"])
    with pytest.raises(Away, match=r"no answer within 0\.1 s"):
        connection.ask({"verb": "clock"})
    connection.close()


def test_bytes_that_nobody_took_are_not_the_next_request() -> None:
    """As when a disk is full: what is said next is understood."""
    body = b'{"verb": "clock"}\n' * 1000
    refused = {"verb": "receive", "name": "../x", "bytes": len(body)}
    first, second = converse(
        json.dumps(refused).encode() + b"\n" + body + b'{"verb": "clock"}\n'
    )
    assert "problem" in first
    assert second["ok"] > 0


def converse(requests: bytes) -> list[dict[str, Any]]:
    """With the other end's very command, without ssh between."""
    found = inventory({"cloud": {"ssh_user": "root"}})
    start = ssh_command(found.hosts[0], found.cloud, KNOWN)[-1]
    program = packed_program()
    ended = subprocess.run(
        ["sh", "-c", start.replace("/usr/bin/python3", sys.executable, 1)],
        input=b"%d\n" % len(program) + program + requests,
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_the_program_answers_and_survives_nonsense() -> None:
    requests = [
        {"verb": "clock"},
        {"verb": "no such"},
        {
            "verb": "healthy",
            "address": "127.0.0.1",
            "port": 1,
            "seconds": 0,
            "tls": False,
        },
        ["not", "an", "object"],
    ]
    lines = "".join(json.dumps(each) + "\n" for each in requests) + "no JSON\n"
    answers = converse(lines.encode())
    assert answers[0]["ok"] > 0
    assert "refused" in answers[2]["ok"]
    assert ["problem" in each for each in answers] == [False, True, False, True, True]

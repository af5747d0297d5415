"""Talking to a host: the system's ssh, and one program at its other end.

One connection for each host and run.  What ssh is told to start there is a constant;
the program, and every value, come by standard input.  Hosts' keys are always checked;
nothing of ours (agents, ports, environment) is forwarded.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import subprocess
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from compute.deploy.model import Host
from compute.deploy.options import CloudWish

CONNECT_SECONDS = 10
# A host that is silent for so long is away.
ALIVE_SECONDS, ALIVE_COUNT = 10, 6
ANSWER_BYTES_MAX = 64 * 2**20
PIECE_BYTES = 2**20
# Beyond what the program allows itself: installing packages twice, with an update
# between, is the longest.  Who is silent for longer hangs, and is let go.
ANSWER_SECONDS = {
    "clock": 60.0,
    "find": 300.0,
    "healthy": 150.0,
    "recon": 120.0,
    "rings": 60.0,
    "held": 60.0,
    "guests": 900.0,
}
CHANGE_SECONDS = 3600.0
PROGRAM = Path(__file__).parent / "remote"
PACKAGE = "compute/deploy/remote"
# The program is a zip file in memory; Python imports from it as from any other.
_START = """\
import os, sys
stream = sys.stdin.buffer
size = int(stream.readline())
program = os.memfd_create("ringstack-deploy")
with os.fdopen(os.dup(program), "wb") as file:
    file.write(stream.read(size))
sys.path.insert(0, "/proc/self/fd/%d" % program)
from compute.deploy.remote.main import main
main(stream)
"""
_PYTHON = ("/usr/bin/python3", "-I", "-B", "-c", _START)


class Away(Exception):
    """The host cannot be reached; the message holds ssh's words."""


class Refused(Exception):
    """The host could not do what it was asked; the message says why."""


def ssh_command(host: Host, cloud: CloudWish, known_hosts: Path) -> list[str]:
    """What is run here.  Pure.

    ``known_hosts``: the site's file, for inventories that name none.
    """
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "ServerAliveInterval": str(ALIVE_SECONDS),
        "ServerAliveCountMax": str(ALIVE_COUNT),
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "ClearAllForwardings": "yes",
        "PermitLocalCommand": "no",
        # A connection of the operator's own was not made by these options.
        "ControlMaster": "no",
        "ControlPath": "none",
        "StrictHostKeyChecking": "yes" if cloud.known_hosts else "accept-new",
        "UserKnownHostsFile": _quoted(cloud.known_hosts or known_hosts),
        "HashKnownHosts": "no",
    }
    command = ["ssh", "-T", "-p", str(host.ssh_port), "-l", host.ssh_user]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    if cloud.ssh_key is not None:
        command += ["-o", f"IdentityFile={_quoted(cloud.ssh_key)}"]
        command += ["-o", "IdentitiesOnly=yes"]
    there = list(_PYTHON)
    if host.ssh_user != "root":
        there = ["sudo", "-n", *there]
    return [*command, "--", host.address, shlex.join(there)]


def _quoted(path: Path) -> str:
    """As ssh's options take a path that may have blanks, or signs that it expands."""
    return '"' + str(path.absolute()).replace("%", "%%") + '"'


def packed_program() -> bytes:
    """The program for the other end, and the packages around it, empty."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for package in ("compute", "compute/deploy"):
            file.writestr(f"{package}/__init__.py", "")
        for path in sorted(PROGRAM.glob("*.py")):
            file.writestr(f"{PACKAGE}/{path.name}", path.read_bytes())
    return packed.getvalue()


class Connection:
    """To one host, from first question to last.  One thread at a time."""

    def __init__(self, host: Host, command: list[str]) -> None:
        """Raises ``Away``."""
        self.host = host
        self._silent = ""
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # Ctrl-C ends us; our end ends this.
                start_new_session=True,
            )
        except FileNotFoundError:
            raise Away("there is no ssh on this machine: openssh-client") from None
        program = packed_program()
        self._send(b"%d\n" % len(program) + program)

    def ask(
        self,
        request: Mapping[str, Any],
        stream: BinaryIO | None = None,
    ) -> Any:
        """Its answer.  Raises ``Away`` and ``Refused``."""
        seconds = ANSWER_SECONDS.get(request["verb"], CHANGE_SECONDS)
        # Its end ends whatever read or write waits for it.
        watch = threading.Timer(seconds, self._give_up, (seconds,))
        watch.daemon = True
        watch.start()
        try:
            line = self._exchange(request, stream)
        finally:
            watch.cancel()
        if not line.endswith(b"\n"):
            raise Away(self._last_words())
        return _answer(line)

    def _give_up(self, seconds: float) -> None:
        self._silent = f"no answer within {seconds:g} s"
        self._child.kill()

    def _exchange(self, request: Mapping[str, Any], stream: BinaryIO | None) -> bytes:
        self._send(json.dumps(request).encode() + b"\n")
        if stream is not None:
            while piece := stream.read(PIECE_BYTES):
                self._send(piece)
        stdout = cast("io.BufferedReader", self._child.stdout)
        return stdout.readline(ANSWER_BYTES_MAX)

    def close(self) -> None:
        """Its program ends when it reads no more."""
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            self._child.wait(CONNECT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _send(self, data: bytes) -> None:
        stdin = self._child.stdin
        assert stdin is not None
        try:
            stdin.write(data)
            stdin.flush()
        except BrokenPipeError:
            raise Away(self._last_words()) from None

    def _last_words(self) -> str:
        self._child.kill()
        stderr = self._child.stderr
        assert stderr is not None
        text = stderr.read().decode("utf-8", "replace").strip()
        self._child.wait()
        return self._silent or printable(text[-500:]) or "the connection ended"


def printable(text: str) -> str:
    """Without what would steer the operator's terminal: a host may be hostile."""
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n")


def _answer(line: bytes) -> Any:
    """Raises ``Away`` for what is none, ``Refused`` for a problem."""
    try:
        answer = json.loads(line)
        if "problem" in answer:
            raise Refused(printable(str(answer["problem"])))
        return answer["ok"]
    except (ValueError, TypeError, LookupError):
        said = printable(line[:80].decode("utf-8", "replace").strip())
        text = "does its shell print something when ssh runs a command?"
        raise Away(f"said {said!r}, which is no answer: {text}") from None

"""The probing processes of a host: one for each load balancer that has such members.

They are children of the agent and end with it: while it is away members are taken to
fare as they did.  All calls block; callers are on native threads.
"""

from __future__ import annotations

import contextlib
import grp
import logging
import os
import pwd
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from compute.balancer.agent import prober_program
from compute.balancer.agent.places import (
    command_inside,
    namespace_inode,
    surroundings,
)
from compute.balancer.probes import Probe
from compute.balancer.view import Served

END_SECONDS = 2.0
# It reads at once, unless it is stopped or out of its mind.
ASK_SECONDS = 2.0
READ_BYTES = 65536
# A change is some 50 bytes; more is none of ours.
PENDING_BYTES_MAX = 1024 * 1024

_log = logging.getLogger("compute.balancer.agent")


class Prober:
    """One process: what it was told, and what it has told."""

    def __init__(self, balancer_id: str, inode: int, user: int, group: int) -> None:
        self.inode = inode
        self.asked: Sequence[Probe] = ()
        self.states: dict[str, str] = {}
        program = str(Path(prober_program.__file__))
        # Only the standard library, and nothing of the agent's surroundings.
        command = [sys.executable, "-I", "-S", program, str(user), str(group)]
        self._process = subprocess.Popen(
            command_inside(balancer_id, command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": surroundings()["PATH"], "LC_ALL": "C"},
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._told, self._heard = self._process.stdin, self._process.stdout
        for each in (self._told, self._heard):
            os.set_blocking(each.fileno(), False)
        self._pending = b""

    def is_alive(self) -> bool:
        """Whether it runs still."""
        return self._process.poll() is None

    def ask(self, probes: Sequence[Probe]) -> None:
        """Let it probe these from now on.  ``TimeoutError`` when it does not read: more
        than a pipe holds is written while it writes, and nobody waits for it."""
        line = orjson.dumps([asdict(each) for each in probes]) + b"\n"
        end = time.monotonic() + ASK_SECONDS
        pipes = select.poll()
        pipes.register(self._told, select.POLLOUT)
        pipes.register(self._heard, select.POLLIN)
        while line:
            with contextlib.suppress(BlockingIOError):
                line = line[os.write(self._told.fileno(), line) :]
            if not line:
                break
            self.listen()
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("it does not read what it is to probe")
            pipes.poll(left * 1000)
        self.asked = probes
        known = {each.member_id for each in probes}
        self.states = {key: word for key, word in self.states.items() if key in known}

    def listen(self) -> None:
        """Take what it has said since."""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._heard.fileno(), READ_BYTES):
                self._pending = (self._pending + piece)[-PENDING_BYTES_MAX:]
        *lines, self._pending = self._pending.split(b"\n")
        known = {each.member_id for each in self.asked}
        for line in lines:
            said: dict[str, str] = orjson.loads(line)
            self.states |= {key: word for key, word in said.items() if key in known}

    def end(self) -> None:
        """It has nothing to lose."""
        self._process.kill()
        with contextlib.suppress(OSError):  # what it was to read is of no use now
            self._told.close()
        self._heard.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)


class Probers:
    """All of one agent.  Their user and group are haproxy's."""

    def __init__(self, user: str, group: str) -> None:
        self._user, self._group = user, group
        self._running: dict[str, Prober] = {}

    def look(self, wanted: Sequence[Served]) -> dict[str, Mapping[str, str]]:
        """Let these be probed; by load balancer, ``UP`` or ``DOWN`` of each member that
        is known."""
        needed = {each.balancer_id: each for each in wanted if each.probes}
        for balancer_id in self._running.keys() - needed.keys():
            self._running.pop(balancer_id).end()
        found: dict[str, Mapping[str, str]] = {}
        for key, each in needed.items():
            try:
                found[key] = self._one(each)
            except (OSError, ValueError, KeyError) as error:
                # One that cannot be probed must not take the host's others along.
                _log.warning("load balancer %s: probing: %s", key, error)
                found[key] = {}
        return found

    def end(self) -> None:
        """All of them."""
        self.look([])

    def _one(self, served: Served) -> Mapping[str, str]:
        inode = namespace_inode(served.balancer_id)
        prober = self._running.get(served.balancer_id)
        states: dict[str, str] = prober.states if prober is not None else {}
        if prober is not None and (prober.inode != inode or not prober.is_alive()):
            self._running.pop(served.balancer_id).end()
            prober = None
        if not inode:
            return states
        if prober is None:
            user = pwd.getpwnam(self._user).pw_uid
            group = grp.getgrnam(self._group).gr_gid
            prober = Prober(served.balancer_id, inode, user, group)
            prober.states = states
            self._running[served.balancer_id] = prober
        try:
            if prober.asked != tuple(served.probes):
                prober.ask(tuple(served.probes))
            prober.listen()
        except (OSError, ValueError):
            # It has ended, or might as well have: the next look begins another.
            self._running.pop(served.balancer_id).end()
        return prober.states

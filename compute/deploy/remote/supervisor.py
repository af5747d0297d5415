"""The supervisor of hosts without systemd: keeps running what the specifications say.

A specification is a file ``NAME.json`` in ``/etc/ringstack/services``: ``argv``,
``user``, ``environment``.  What ends is started again, after one second, then two, up
to thirty; HUP reads the specifications again: what is new is started, what is changed
is restarted, what is gone is ended.  TERM ends all.  When the supervisor dies its
services are told to end, so that the next one finds a clean house.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from compute.deploy.remote.files import write_file
from compute.deploy.remote.places import LOGS, RUN, SPECIFICATIONS, SUPERVISOR_RUN

PAUSE_SECONDS_MAX = 30.0
# Having run for so long, it starts at once again.
STEADY_SECONDS = 60.0
# Beyond what a server needs to finish requests; then it is killed.
STOP_SECONDS_MAX = 60.0
LOOK_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Specification:
    """How a service is started."""

    argv: tuple[str, ...]
    user: str
    environment: tuple[tuple[str, str], ...]


def read_specification(text: str) -> Specification:
    """Raises ``ValueError`` when it is none."""
    found = json.loads(text)
    try:
        return Specification(
            tuple(map(str, found["argv"])),
            str(found["user"]),
            tuple(sorted((str(k), str(v)) for k, v in found["environment"].items())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no specification: {error!r}") from None


def pause(previous_seconds: float, ran_seconds: float) -> float:
    """How long to wait before what has ended is started again."""
    if ran_seconds >= STEADY_SECONDS:
        return 1.0
    return min(max(previous_seconds * 2, 1.0), PAUSE_SECONDS_MAX)


class Service:
    """One of them, running or not."""

    def __init__(self, name: str, specification: Specification) -> None:
        self.name = name
        self.wished: Specification | None = specification
        self._running: Specification | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.0
        self._not_before = 0.0
        self._kill_at = 0.0

    @property
    def is_gone(self) -> bool:
        """Whether it is not wished and does not run."""
        return self.wished is None and self._child is None

    def step(self, now: float) -> None:
        """One look: start, restart, end, collect."""
        if self._child is not None and self._child.poll() is not None:
            _say(f"{self.name}: ended with {self._child.returncode}")
            self._pause = pause(self._pause, now - self._started)
            changed = self._running != self.wished
            self._not_before = now if changed else now + self._pause
            self._child = None
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_pid_file(self.name))
        if self._child is None:
            if self.wished is not None and now >= self._not_before:
                self._start(self.wished, now)
        elif self._running != self.wished:
            self._end(now)

    def _start(self, specification: Specification, now: float) -> None:
        try:
            self._child = _launch(self.name, specification)
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            _say(f"{self.name}: cannot be started: {error}")
            self._pause = pause(self._pause, 0.0)
            self._not_before = now + self._pause
            return
        self._running, self._started, self._kill_at = specification, now, 0.0
        write_file(_pid_file(self.name), b"%d\n" % self._child.pid, 0o644)
        _say(f"{self.name}: started as {self._child.pid}")

    def _end(self, now: float) -> None:
        assert self._child is not None
        if not self._kill_at:
            self._child.terminate()
            self._kill_at = now + STOP_SECONDS_MAX
        elif now >= self._kill_at:
            # The whole of it: workers must not keep ports.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)


def _launch(name: str, specification: Specification) -> subprocess.Popen[bytes]:
    account = pwd.getpwnam(specification.user)
    supervisor = os.getpid()
    libc = ctypes.CDLL(None)

    def end_with_us() -> None:
        # What we wait for is not to be blocked there.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            os._exit(1)

    # As systemd's RuntimeDirectory: made for who may be anybody but root.
    os.makedirs(f"{RUN}/{name}", exist_ok=True)
    os.chown(f"{RUN}/{name}", account.pw_uid, account.pw_gid)
    with open(f"{LOGS}/{name}.log", "ab") as log:
        return subprocess.Popen(
            specification.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                **dict(specification.environment),
            },
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=os.getgrouplist(specification.user, account.pw_gid),
            umask=0o027,
            start_new_session=True,
            # There are no other threads here.
            preexec_fn=end_with_us,  # noqa: PLW1509
        )


def _pid_file(name: str) -> str:
    return f"{SUPERVISOR_RUN}/{name}.pid"


def _say(text: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(f"{stamp} {text}", file=sys.stderr, flush=True)


def _read_again(services: dict[str, Service]) -> None:
    found: dict[str, Specification] = {}
    for entry in sorted(os.listdir(SPECIFICATIONS)):
        if not entry.endswith(".json"):
            continue
        name = entry.removesuffix(".json")
        try:
            with open(f"{SPECIFICATIONS}/{entry}", encoding="utf-8") as file:
                found[name] = read_specification(file.read())
        except (OSError, ValueError) as error:
            _say(f"{entry}: {error}")
            # As it was: a typing error ends nobody.
            if name in services and services[name].wished is not None:
                found[name] = services[name].wished  # type: ignore[assignment]
    for name, specification in found.items():
        services.setdefault(name, Service(name, specification)).wished = specification
    for name, service in services.items():
        if name not in found:
            service.wished = None


def main() -> None:
    """Until TERM."""
    os.makedirs(SUPERVISOR_RUN, mode=0o755, exist_ok=True)
    lock = os.open(
        f"{SUPERVISOR_RUN}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("another supervisor runs")
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    write_file(_pid_file("supervisor"), b"%d\n" % os.getpid(), 0o644)
    services: dict[str, Service] = {}
    _read_again(services)
    ending = False
    while not (ending and not services):
        now = time.monotonic()
        for name, service in list(services.items()):
            service.step(now)
            if service.is_gone:
                del services[name]
        got = signal.sigtimedwait(_SIGNALS, LOOK_SECONDS)
        if got is None:
            continue
        if got.si_signo in (signal.SIGTERM, signal.SIGINT):
            ending = True
            for service in services.values():
                service.wished = None
        elif got.si_signo == signal.SIGHUP and not ending:
            _read_again(services)


if __name__ == "__main__":
    main()

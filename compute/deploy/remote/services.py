"""Services of a host: what runs, with what, and how to make it so.

A service's truth is its process: the variable ``RINGSTACK_DEPLOYED`` in its environment
is the digest of what it was started with.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from compute.deploy.remote.files import write_file
from compute.deploy.remote.places import (
    CURRENT,
    DEPLOYED,
    ENCRYPTED,
    LOGS,
    SERVICE_PREFIX,
    SPECIFICATIONS,
    SUPERVISOR_RUN,
    UNITS,
)

# A server finishes its clients' requests first, 22 s at most, twice where it has
# workers to end.
START_SECONDS = 75.0
SYSTEMCTL_SECONDS = 120.0
LOOK_SECONDS = 0.1
SUPERVISOR_MODULE = "compute.deploy.remote.supervisor"


def has_systemd() -> bool:
    """Whether systemd looks after this machine, as its own manual says to ask."""
    return os.path.isdir("/run/systemd/system")


def running(name: str, systemd: bool) -> dict[str, Any]:
    """Its process and what that was started with; 0: none runs."""
    pid = _systemd_pid(name) if systemd else _supervised_pid(name)
    environment = _environment(pid) if pid else {}
    if DEPLOYED not in environment:
        pid = 0
    return {
        "pid": pid,
        "deployed": environment.get(DEPLOYED, ""),
        "release": environment.get("RINGSTACK_RELEASE", ""),
        "tls": environment.get(ENCRYPTED, ""),
        "defined": os.path.exists(_definition(name, systemd)),
    }


def start(service: Mapping[str, Any]) -> str:
    """Let it run as defined: write the definition, start or restart what differs."""
    name, systemd = service["name"], has_systemd()
    text = service["unit"] if systemd else service["specification"]
    path = _definition(name, systemd)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_file(path, text.encode(), 0o644 if systemd else 0o600)
    if running(name, systemd)["deployed"] == service["digest"]:
        return "runs already"
    if systemd:
        _systemctl("daemon-reload")
        _systemctl("enable", SERVICE_PREFIX + name + ".service")
        _systemctl("restart", SERVICE_PREFIX + name + ".service")
    else:
        _wake_supervisor()
    last = time.monotonic() + START_SECONDS
    while running(name, systemd)["deployed"] != service["digest"]:
        if time.monotonic() > last:
            raise OSError(f"{name} does not start: {_why(name, systemd)}")
        time.sleep(LOOK_SECONDS)
    return "started"


def stop(name: str) -> str:
    """Let it run no more, and forget it."""
    systemd = has_systemd()
    path = _definition(name, systemd)
    if systemd:
        _systemctl("disable", "--now", SERVICE_PREFIX + name + ".service")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    if systemd:
        _systemctl("daemon-reload")
        return "stopped"
    _wake_supervisor()
    last = time.monotonic() + START_SECONDS
    while running(name, systemd)["pid"]:
        if time.monotonic() > last:
            raise OSError(f"{name} does not end")
        time.sleep(LOOK_SECONDS)
    return "stopped"


def _definition(name: str, systemd: bool) -> str:
    if systemd:
        return f"{UNITS}/{SERVICE_PREFIX}{name}.service"
    return f"{SPECIFICATIONS}/{name}.json"


def _systemctl(*words: str) -> None:
    ended = subprocess.run(
        ["systemctl", *words],
        capture_output=True,
        check=False,
        text=True,
        timeout=SYSTEMCTL_SECONDS,
    )
    if ended.returncode:
        raise OSError(f"systemctl {' '.join(words)}: {ended.stderr.strip()[-500:]}")


def _systemd_pid(name: str) -> int:
    unit = SERVICE_PREFIX + name + ".service"
    ended = subprocess.run(
        ["systemctl", "show", "--property", "MainPID", "--value", unit],
        capture_output=True,
        check=False,
        text=True,
        timeout=SYSTEMCTL_SECONDS,
    )
    return int(ended.stdout.strip() or 0)


def _supervised_pid(name: str) -> int:
    try:
        with open(f"{SUPERVISOR_RUN}/{name}.pid", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def _environment(pid: int) -> dict[str, str]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            pairs = file.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return {}
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _wake_supervisor() -> None:
    """Make it read the specifications again; start it where none runs."""
    pid = _supervised_pid("supervisor")
    if pid and b"supervisor" in _command(pid):
        os.kill(pid, signal.SIGHUP)
        return
    os.makedirs(LOGS, mode=0o755, exist_ok=True)
    python = f"{CURRENT}/bin/python"
    with open(f"{LOGS}/supervisor.log", "ab") as log:
        subprocess.Popen(
            [
                python if os.path.exists(python) else sys.executable,
                "-I",
                "-m",
                SUPERVISOR_MODULE,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            cwd="/",
        )


def _command(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _why(name: str, systemd: bool) -> str:
    if systemd:
        return f"see journalctl -u {SERVICE_PREFIX}{name}"
    try:
        with open(f"{LOGS}/{name}.log", "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 2000))
            return "\n" + file.read().decode("utf-8", "replace")
    except OSError:
        return f"see {LOGS}/supervisor.log"

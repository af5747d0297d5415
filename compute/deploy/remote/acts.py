"""Changes of a host.  Each may be done twice, and after one that was killed."""

from __future__ import annotations

import base64
import grp
import os
import pwd
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from compute.deploy.remote.commands import run
from compute.deploy.remote.files import write_file
from compute.deploy.remote.keys import write_keys
from compute.deploy.remote.places import CURRENT, RELEASES, STATE
from compute.deploy.remote.releases import checked, remove_release
from compute.deploy.remote.services import start, stop

APT_SECONDS = 900.0


def act(request: Mapping[str, Any]) -> str:
    """Do one change; what was done, in a word."""
    acts: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "packages": _packages,
        "user": _user,
        "directory": _directory,
        "file": _file,
        "current": _current,
        "keys": write_keys,
        "service": start,
        "stop": lambda change: stop(change["name"]),
        "release": remove_release,
    }
    return acts[request["kind"]](request)


def _packages(change: Mapping[str, Any]) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    # Others may be installing too: wait for them.
    install += ["-o", "DPkg::Lock::Timeout=300", "--", *change["names"]]
    for command in (install, ["apt-get", "update"], install):
        ended = subprocess.run(
            command,
            capture_output=True,
            check=False,
            text=True,
            env=environment,
            timeout=APT_SECONDS,
        )
        # An old package list is often enough, and the update is the slow part.
        if command is install and ended.returncode == 0:
            return "installed"
    raise OSError(f"apt-get install: {ended.stderr.strip()[-500:]}")


def _user(change: Mapping[str, Any]) -> str:
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += [
        "--home-dir",
        STATE,
        "--shell",
        "/usr/sbin/nologin",
        "--",
        change["name"],
    ]
    run(command)
    return "made"


def _directory(change: Mapping[str, Any]) -> str:
    path = change["path"]
    os.makedirs(path, mode=0o755, exist_ok=True)
    user, _, group = change["owner"].partition(":")
    # Held open: a link that takes its name meanwhile leads nowhere.
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchown(held, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
        os.fchmod(held, change["mode"])
    finally:
        os.close(held)
    return "made"


def _file(change: Mapping[str, Any]) -> str:
    content = base64.b64decode(change["content"])
    write_file(change["path"], content, change["mode"], change["owner"])
    return "written"


def _current(change: Mapping[str, Any]) -> str:
    """What people and cron call: services name their release themselves."""
    fresh = f"{CURRENT}.new"
    if os.path.lexists(fresh):
        os.unlink(fresh)
    os.symlink(f"{RELEASES}/{checked(change['name'])}", fresh)
    os.replace(fresh, CURRENT)
    return "set"

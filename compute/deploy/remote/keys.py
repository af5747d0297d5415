"""The keys that control hosts share.

They are read and written as the user whose services use them: root would follow a link
that one of those put there.
"""

from __future__ import annotations

import base64
import contextlib
import grp
import hashlib
import json
import os
import pwd
from collections.abc import Callable, Mapping
from typing import Any

from compute.deploy.remote.files import write_file
from compute.deploy.remote.places import STATE

CLOUD = f"{STATE}/cloud"
# Far more than a key is long.
KEY_BYTES_MAX = 4096


def held(request: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What is in each of the places, by name of file; of a single file: ""."""
    with contextlib.suppress(KeyError):  # before there is such a user
        found: dict[str, dict[str, str]] = _as_user(
            pwd.getpwnam(request["user"]),
            lambda: {place: _contents(place) for place in request["places"]},
        )
        return found
    return {}


def digests(user: str, places: list[str]) -> dict[str, dict[str, str]]:
    """The same, without the secrets."""
    found = held({"user": user, "places": places})
    return {
        place: {
            name: hashlib.sha256(text.encode("ascii")).hexdigest()
            for name, text in files.items()
        }
        for place, files in found.items()
    }


def write_keys(change: Mapping[str, Any]) -> str:
    """Make a place what it is elsewhere; the newest key first, for whoever looks
    meanwhile can read with it and with all that were there before."""
    user = pwd.getpwnam(change["user"])
    owner = f"{user.pw_name}:{grp.getgrgid(user.pw_gid).gr_name}"
    files: Mapping[str, str] = change["files"]

    def write() -> None:
        path = f"{CLOUD}/{change['place']}"
        single = "" in files
        os.makedirs(os.path.dirname(path) if single else path, 0o700, exist_ok=True)
        for name in sorted(files, key=lambda name: int(name or 0), reverse=True):
            content = base64.b64decode(files[name])
            write_file(path if single else f"{path}/{name}", content, 0o600, owner)
        for name in set() if single else set(_numbers(path)) - files.keys():
            os.unlink(f"{path}/{name}")

    _as_user(user, write)
    return "written"


def _contents(place: str) -> dict[str, str]:
    path = f"{CLOUD}/{place}"
    if os.path.isdir(path):
        return {name: _text(f"{path}/{name}") for name in _numbers(path)}
    return {"": _text(path)} if os.path.exists(path) else {}


def _numbers(directory: str) -> list[str]:
    return [name for name in os.listdir(directory) if name.isdigit()]


def _text(path: str) -> str:
    with open(path, "rb") as file:
        return base64.b64encode(file.read(KEY_BYTES_MAX)).decode("ascii")


def _as_user(user: pwd.struct_passwd, act: Callable[[], Any]) -> Any:
    """In a child without any rights but the user's.  Raises ``OSError``."""
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            if os.geteuid() != user.pw_uid:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            os.umask(0o077)
            try:
                answer = {"ok": act()}
            except OSError as error:
                answer = {"problem": str(error)}
            with os.fdopen(its, "w") as pipe:
                json.dump(answer, pipe)
        finally:
            # Whatever happened, it must not go on as we do.
            os._exit(0)
    os.close(its)
    with os.fdopen(ours) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    answer = json.loads(said)
    if "problem" in answer:
        raise OSError(answer["problem"])
    return answer["ok"]

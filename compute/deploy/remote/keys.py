"""The keys that control hosts share.

They are read and written as the user whose services use them: root would follow a link
that one of those put there.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import grp
import hashlib
import json
import os
import pwd
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compute.deploy.remote.files import write_file
from compute.deploy.remote.places import STATE

CLOUD = f"{STATE}/cloud"
# Far more than a key is long.
KEY_BYTES_MAX = 4096
# The name of the next primary.
STAGED = "0"


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
    """Make a place what it is elsewhere, while nobody rotates it.  ``OSError`` when
    that was done since: what may be sealed with a newer key must not be lost."""
    user = pwd.getpwnam(change["user"])
    owner = f"{user.pw_name}:{grp.getgrgid(user.pw_gid).gr_name}"
    files = {
        name: base64.b64decode(content) for name, content in change["files"].items()
    }

    def write() -> None:
        path = f"{CLOUD}/{change['place']}"
        single = "" in files
        os.makedirs(os.path.dirname(path) if single else path, 0o700, exist_ok=True)
        if single:
            write_file(path, files[""], 0o600, owner)
            return
        with _alone(path):
            there = {name: _bytes(f"{path}/{name}") for name in _numbers(path)}
            if there and _primary(there) > _primary(files):
                raise OSError(f"{path}: they were rotated meanwhile: apply again")
            for name in _in_order(files, there.get(STAGED)):
                write_file(f"{path}/{name}", files[name], 0o600, owner)
            for name in there.keys() - files.keys():
                os.unlink(f"{path}/{name}")

    _as_user(user, write)
    return "written"


def _in_order(files: Mapping[str, bytes], staged: bytes | None) -> list[str]:
    """Whoever looks meanwhile must read with all that were there before.  The primary
    comes late: if we are killed, who has it is taken for one who has them all."""
    newest = str(_primary(files))
    older = sorted(files.keys() - {newest, STAGED}, key=int)
    if STAGED not in files:
        return [*older, newest]
    # What was staged here may be that primary, and nowhere else yet.
    is_needed = staged == files[newest]
    return [*older, newest, STAGED] if is_needed else [*older, STAGED, newest]


def _primary(files: Mapping[str, bytes]) -> int:
    return max(map(int, files))


@contextlib.contextmanager
def _alone(directory: str) -> Iterator[None]:
    """As ``compute.core.keys.repository`` has it, whose program rotates them."""
    lock = os.open(f"{directory}/.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _contents(place: str) -> dict[str, str]:
    path = f"{CLOUD}/{place}"
    if os.path.isdir(path):
        return {name: _text(f"{path}/{name}") for name in _numbers(path)}
    return {"": _text(path)} if os.path.exists(path) else {}


def _numbers(directory: str) -> list[str]:
    names = os.listdir(directory)
    return [name for name in names if name.isascii() and name.isdigit()]


def _text(path: str) -> str:
    return base64.b64encode(_bytes(path)).decode("ascii")


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        found = file.read(KEY_BYTES_MAX + 1)
    if len(found) > KEY_BYTES_MAX:
        raise OSError(f"{path}: this is no key, for it is too long")
    return found


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
    if not said:
        raise OSError("the keys: what was begun with them was cut short")
    answer = json.loads(said)
    if "problem" in answer:
        raise OSError(answer["problem"])
    return answer["ok"]

"""From wishes and findings to changes.  Pure: the same every time it is asked."""

from __future__ import annotations

import base64
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compute.deploy.model import Part
from compute.deploy.remote.places import RELEASES
from compute.deploy.shared_keys import PLACES
from compute.deploy.units import ServiceWish, specification, unit
from compute.deploy.wish import DirectoryWish, FileWish, HostWishes

DIFF_LINES_MAX = 60
SECRET = "(secret)"
# In a line of a diff, to the end of the value's first word: groups follow a user's key.
_SECRET_OPTION = re.compile(
    r"^([-+]\s*(?:user_\S+|database|\S*(?:secret|suffix|password|key))\s*=\s*)\S+"
)
# And in the URL of somebody who is let in by one.
_SECRET_IN_URL = re.compile(r"(\w://[^\s:/@]*:)[^\s/@]+@")
_NOT_THERE = {"pid": 0, "deployed": "", "release": "", "problem": ""}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do on a host: what it is told, and what the operator reads."""

    kind: str
    subject: str
    order: Mapping[str, Any]
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


def query(wishes: HostWishes) -> dict[str, Any]:
    """What to look for on the host."""
    devices = [path for path in wishes.directories if _is_device(wishes, path)]
    return {
        "verb": "find",
        "user": wishes.user,
        "packages": list(wishes.packages),
        "directories": list(wishes.directories),
        "devices": devices,
        "files": list(wishes.files),
        "services": list(wishes.services),
        "keys": list(PLACES) if wishes.host.plays(Part.CONTROL) else [],
        "health": {name: each.health for name, each in wishes.services.items()},
        "ports": sorted({service.health[1] for service in wishes.services.values()}),
    }


def preparations(
    wishes: HostWishes, found: Mapping[str, Any], hidden: Iterable[str] = ()
) -> list[Change]:
    """All that touches no process, in order.  ``hidden``: what is not shown."""
    changes: list[Change] = []
    missing = sorted(set(wishes.packages) - set(found["packages"]))
    if missing:
        changes.append(
            _change("packages", ", ".join(missing), {"names": missing}),
        )
    if found["user"] is None:
        changes.append(_change("user", wishes.user, {"name": wishes.user}))
    for path, directory in wishes.directories.items():
        if not _is_so(directory, found["directories"][path]):
            order = {"path": path, "mode": directory.mode, "owner": directory.owner}
            words = f"{path} {directory.mode:04o} {directory.owner}"
            changes.append(
                Change(
                    "directory", words, {"verb": "act", "kind": "directory", **order}
                )
            )
    if wishes.release not in found["releases"]:
        # Received, not acted: it comes as a stream.
        changes.append(Change("release", wishes.release, {}))
    hidden = tuple(hidden)
    for path, file in wishes.files.items():
        change = _file_change(path, file, found["files"][path], hidden)
        changes += [change] if change is not None else []
    if found["current"] != wishes.release:
        changes.append(_change("current", wishes.release, {"name": wishes.release}))
    return changes


def service_changes(wishes: HostWishes, found: Mapping[str, Any]) -> list[Change]:
    """Services to start or restart."""
    changes = []
    for name, service in wishes.services.items():
        runs = found["services"].get(name, _NOT_THERE)
        if runs["deployed"] == service.digest:
            # One that does not answer is waited for, as one that was just started is.
            if runs["problem"]:
                lines = [f"-{runs['problem']}"]
                changes.append(Change("start", name, _order(service), tuple(lines)))
            continue
        # What does not answer serves nobody, it seems: nothing has to be whole before,
        # but as that may be a slow answer, it goes a zone at a time too.
        kind = "start"
        if runs["pid"]:
            kind = "replace" if runs["problem"] else "restart"
        before = [f"-{runs['release']} {runs['deployed']}"] if runs["pid"] else []
        lines = [*before, f"+{service.release} {service.digest}"]
        changes.append(Change(kind, name, _order(service), tuple(lines)))
    return changes


def interruption(wishes: HostWishes, found: Mapping[str, Any]) -> str:
    """Why its services cannot run beside those of other hosts that run as wished; "":
    they can.  Asked of processes, not of files: a run that was killed wrote those."""
    for name, service in wishes.services.items():
        runs = found["services"].get(name, _NOT_THERE)
        before, after = runs.get("tls", ""), service.tls
        if runs["pid"] and before != after:
            if before and after:
                return "knows its peers by another authority"
            return "speaks TLS" if before else "speaks no TLS"
    return ""


def farewells(wishes: HostWishes, found: Mapping[str, Any]) -> list[Change]:
    """What was deployed here once and is wished no more: services, old releases."""
    changes = [
        Change("stop", name, {"verb": "act", "kind": "stop", "name": name})
        for name, runs in sorted(found["services"].items())
        if name not in wishes.services and (runs["pid"] or runs["defined"])
    ]
    used = {runs["release"] for runs in found["services"].values()}
    used |= {wishes.release, found["current"]}
    for name in sorted(set(found["releases"]) - used - set(wishes.releases_kept)):
        order = {"verb": "act", "kind": "release", "name": name}
        changes.append(Change("remove", f"{RELEASES}/{name}", order))
    return changes


def plan(
    wishes: HostWishes, found: Mapping[str, Any], hidden: Iterable[str] = ()
) -> list[Change]:
    """All of it, as ``deploy plan`` shows it."""
    return [
        *preparations(wishes, found, hidden),
        *service_changes(wishes, found),
        *farewells(wishes, found),
    ]


def _change(kind: str, subject: str, order: Mapping[str, Any]) -> Change:
    return Change(kind, subject, {"verb": "act", "kind": kind, **order})


def _order(service: ServiceWish) -> dict[str, Any]:
    return {
        "verb": "act",
        "kind": "service",
        "name": service.name,
        "unit": unit(service),
        "specification": specification(service),
        "digest": service.digest,
    }


def _is_device(wishes: HostWishes, path: str) -> bool:
    return any(path.endswith(f"/{disk.name}") for disk in wishes.host.devices)


def _is_so(wish: DirectoryWish, found: Mapping[str, Any] | None) -> bool:
    return found is not None and found == {
        "is_directory": True,
        "mode": wish.mode,
        "owner": wish.owner,
    }


def _file_change(
    path: str, wish: FileWish, found: Mapping[str, Any] | None, hidden: tuple[str, ...]
) -> Change | None:
    if found is not None:
        same = found["sha256"] == wish.sha256
        if same and (found["mode"], found["owner"]) == (wish.mode, wish.owner):
            return None
    order = {
        "verb": "act",
        "kind": "file",
        "path": path,
        "mode": wish.mode,
        "owner": wish.owner,
        "content": base64.b64encode(wish.content).decode("ascii"),
    }
    lines = tuple(_diff(wish, found, hidden)) if wish.is_text else ()
    return Change("file", path, order, lines)


def _diff(
    wish: FileWish, found: Mapping[str, Any] | None, hidden: tuple[str, ...]
) -> Iterator[str]:
    before = ""
    if found is not None and found["text"] is not None:
        before = base64.b64decode(found["text"]).decode("utf-8", "replace")
    after = wish.content.decode("utf-8")
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), lineterm="", n=0
    )
    for number, line in enumerate(lines):
        if number == DIFF_LINES_MAX:
            yield "..."
            return
        # The two lines that name the files say nothing here.
        if number > 1 and not line.startswith("@@"):
            yield _masked(line, hidden)


def _masked(line: str, hidden: Iterable[str]) -> str:
    """Without our secrets; those of another time, and the operator's own, are known by
    the names of their options."""
    line = _SECRET_OPTION.sub(rf"\g<1>{SECRET}", line)
    line = _SECRET_IN_URL.sub(rf"\g<1>{SECRET}@", line)
    for secret in hidden:
        line = line.replace(secret, SECRET)
    return line

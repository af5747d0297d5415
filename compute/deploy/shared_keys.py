"""What control hosts must have alike: keys, and the administrator's password.  Pure.

The first control host makes them when it starts.  The others get them before they start
theirs, and again when they were rotated.  Of the numbered keys of a repository
(``compute.core.keys.repository``) the highest is the newest: who has it rotated last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compute.deploy.model import Host
from compute.deploy.remote.keys import STAGED

# Below a cloud's state: single files, and directories of numbered keys.
# Every cloud has the last.  They are copied in this order: who has that has all.
LAST_PLACE = "identity/token-keys"
PLACES = (
    "admin-password",
    "dashboard/session-key",
    "identity/credential-keys",
    "orchestration/secret-keys",
    "alarming/secret-keys",
    "key-manager/secret-keys",
    LAST_PLACE,
)

Held = Mapping[str, Mapping[str, str]]
"""By place and name of file what is in it, or its digest; a single file is named ""."""


class GrownApart(ValueError):
    """Two hosts have different keys: what one sealed the other cannot read."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A place that should be as it is on another host."""

    place: str
    source: Host
    target: Host


def copies(held: Mapping[Host, Held]) -> list[Copy]:
    """What to copy, of these hosts.  Raises ``GrownApart``."""
    found = []
    for place in PLACES:
        source = _newest(place, held)
        if source is None:
            continue
        found += [
            Copy(place, source, host)
            for host, each in held.items()
            if each.get(place, {}) != held[source][place]
        ]
    return found


def _newest(place: str, held: Mapping[Host, Held]) -> Host | None:
    """Whose is the latest; None: nobody has any."""
    having = {host: each[place] for host, each in held.items() if each.get(place)}
    if not having:
        return None
    source = max(having, key=lambda host: _progress(having[host]))
    known = set(having[source].values())
    for host, files in having.items():
        if files[_primary(files)] not in known:
            raise GrownApart(
                f"{place} of {source.name} and {host.name} have nothing in common: "
                f"move away what is wrong below its state directory, and apply"
            )
    return source


def _progress(files: Mapping[str, str]) -> tuple[int, bool]:
    """How far it is: after the primary comes another staged one, if neither a rotation
    nor a copy was cut short there."""
    staged = files.get(STAGED)
    others = [key for name, key in files.items() if name != STAGED]
    return _number(_primary(files)), staged is not None and staged not in others


def _primary(files: Mapping[str, str]) -> str:
    return max(files, key=_number)


def _number(name: str) -> int:
    return int(name or 0)

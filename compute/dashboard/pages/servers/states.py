"""What may be asked of a server in which state, and how it is put.  Pure.

The rooms decide; this only keeps buttons away that would be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.dashboard.frame.view import Action

BUSY_STATUSES = frozenset(
    [
        "BUILD",
        "REBUILD",
        "RESIZE",
        "REBOOT",
        "HARD_REBOOT",
        "MIGRATING",
        "REVERT_RESIZE",
    ]
)
_RUNS, _OFF = frozenset({"ACTIVE"}), frozenset({"SHUTOFF"})
_EITHER = _RUNS | _OFF
_CAPTURED = _EITHER | {"PAUSED", "SUSPENDED"}


@dataclass(frozen=True, slots=True)
class Deed:
    """One action without questions of its own.  ``states``: statuses that it is for;
    ``body``: what is sent."""

    label: str
    body: Mapping[str, Any]
    states: frozenset[str]
    done: str
    question: str = ""


DEEDS: Mapping[str, Deed] = {
    "start": Deed("Start", {"os-start": None}, _OFF, "starts"),
    "stop": Deed(
        "Stop",
        {"os-stop": None},
        _RUNS | {"ERROR"},
        "stops",
        "Stop {name}? What runs in it ends.",
    ),
    "reboot": Deed(
        "Reboot",
        {"reboot": {"type": "SOFT"}},
        _RUNS,
        "reboots",
        "Reboot {name}?",
    ),
    "hard-reboot": Deed(
        "Hard reboot",
        {"reboot": {"type": "HARD"}},
        _CAPTURED | {"ERROR"},
        "reboots",
        "Switch {name} off and on again? What it has not written is lost.",
    ),
    "pause": Deed("Pause", {"pause": None}, _RUNS, "is paused"),
    "unpause": Deed("Go on", {"unpause": None}, frozenset({"PAUSED"}), "goes on"),
    "suspend": Deed("Suspend", {"suspend": None}, _RUNS, "is suspended"),
    "resume": Deed("Resume", {"resume": None}, frozenset({"SUSPENDED"}), "resumes"),
    "shelve": Deed(
        "Shelve",
        {"shelve": None},
        _CAPTURED,
        "is shelved",
        "Shelve {name}? It stops, its disk is kept as an image, and it gives its"
        " place free.",
    ),
    "unshelve": Deed(
        "Unshelve",
        {"unshelve": None},
        frozenset({"SHELVED", "SHELVED_OFFLOADED"}),
        "is unshelved",
    ),
    "unrescue": Deed(
        "End the rescue", {"unrescue": None}, frozenset({"RESCUE"}), "starts again"
    ),
    "confirm": Deed(
        "Confirm the resize",
        {"confirmResize": None},
        frozenset({"VERIFY_RESIZE"}),
        "keeps its new size",
    ),
    "revert": Deed(
        "Revert the resize",
        {"revertResize": None},
        frozenset({"VERIFY_RESIZE"}),
        "gets its old size back",
    ),
    "lock": Deed("Lock", {"lock": None}, frozenset(), "is locked"),
    "unlock": Deed("Unlock", {"unlock": None}, frozenset(), "is unlocked"),
}


def actions_of(server: Mapping[str, Any], is_admin: bool = False) -> list[Action]:
    """What can be done with it now; ``is_admin``: by an administrator."""
    path, name = f"/servers/{server['id']}", server["name"]
    state = server["status"]
    is_idle = not server.get("OS-EXT-STS:task_state")
    found = [
        Action(deed.label, f"{path}/{key}", deed.question.format(name=name))
        for key, deed in DEEDS.items()
        if is_idle and state in deed.states
    ]
    if is_idle and state in _CAPTURED:
        found.append(Action("Snapshot\u2026", f"{path}/snapshot", is_form=True))
    if is_idle and state in _EITHER:
        found.append(Action("Resize\u2026", f"{path}/resize", is_form=True))
    if is_idle and state in _EITHER | {"ERROR"}:
        found.append(Action("Rebuild\u2026", f"{path}/rebuild", is_form=True))
        found.append(Action("Rescue\u2026", f"{path}/rescue", is_form=True))
    if is_admin:
        found += _moves_of(path, state, is_idle)
    found.append(Action("Rename\u2026", f"{path}/edit", is_form=True))
    locked = "unlock" if server.get("locked") else "lock"
    found.append(Action(DEEDS[locked].label, f"{path}/{locked}"))
    found.append(
        Action(
            "Delete",
            f"{path}/delete",
            f"Delete {name}? Its disk is lost; volumes stay.",
            look="danger",
        )
    )
    return found


def _moves_of(path: str, state: str, is_idle: bool) -> list[Action]:
    found = []
    if is_idle and state in _RUNS | {"PAUSED"}:
        found.append(Action("Move while it runs\u2026", f"{path}/move", is_form=True))
    if is_idle and state in _EITHER:
        found.append(Action("Move\u2026", f"{path}/migrate", is_form=True))
    if state in _EITHER | {"ERROR"}:
        found.append(Action("Evacuate\u2026", f"{path}/evacuate", is_form=True))
    found.append(Action("Set its state\u2026", f"{path}/state", is_form=True))
    return found


def is_busy(server: Mapping[str, Any]) -> bool:
    """Whether it will change by itself."""
    return server["status"] in BUSY_STATUSES or bool(
        server.get("OS-EXT-STS:task_state")
    )


def addresses_of(server: Mapping[str, Any]) -> list[str]:
    """Every address, floating ones last."""
    found = [
        (each.get("OS-EXT-IPS:type") == "floating", each["addr"])
        for addresses in (server.get("addresses") or {}).values()
        for each in addresses
    ]
    return [address for _, address in sorted(found)]

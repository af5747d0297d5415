"""Pure decisions: may this action be done now, and what is a server after a job.

An *outcome* is the columns that change when a job ends, with what becomes of its
place on the host and which job follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.core.errors import Conflict
from compute.instance.model import ACTIONS, Action, action_of_job
from compute.instance.records import Server
from compute.instance.states import PowerState, TaskState, VmState

NO_VALID_HOST = "No valid host was found. There are not enough hosts available."
LOCKED_BY_ADMIN = "admin"
# Jobs for which a server need not be on a host.
WITHOUT_HOST = frozenset({"delete", "unshelve", "attach_volume", "detach_volume"})
# GiB of a server's root disk that lie on its host, where that is not what its flavor
# says: the root of a volume-backed server lies elsewhere.
ROOT_ON_HOST = "root_on_host"

_POWER_AFTER = {
    VmState.ACTIVE: PowerState.RUNNING,
    VmState.PAUSED: PowerState.PAUSED,
    VmState.SUSPENDED: PowerState.SUSPENDED,
    VmState.STOPPED: PowerState.SHUTDOWN,
    VmState.RESCUED: PowerState.RUNNING,
    VmState.SHELVED: PowerState.SHUTDOWN,
    VmState.SHELVED_OFFLOADED: PowerState.SHUTDOWN,
    VmState.SOFT_DELETED: PowerState.SHUTDOWN,
    VmState.DELETED: PowerState.NOSTATE,
}


def check_action(server: Server, name: str, *, is_admin: bool) -> Action:
    """The row of the state table; ``Conflict`` when it is not legal now."""
    action = ACTIONS[name]
    if action.locks and server.locked and not is_admin:
        raise Conflict(f"Instance {server.id} is locked")
    if VmState(server.vm_state) not in action.vm_states:
        raise Conflict(
            f"Cannot '{action.label}' instance {server.id} while it is in vm_state"
            f" {server.vm_state}"
        )
    if TaskState(server.task_state) not in action.tasks:
        raise Conflict(
            f"Cannot '{action.label}' instance {server.id} while it is in task_state"
            f" {server.task_state or None}"
        )
    if action.job and not server.host and action.job not in WITHOUT_HOST:
        raise Conflict(f"Instance {server.id} is not ready: it is on no host")
    return action


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is so after a job.  ``release``: the place on the host is given back;
    ``amounts``: the flavor that the place is for from now on; ``follow``: the job
    that comes next, in the state table's words."""

    values: Mapping[str, Any] = field(default_factory=dict)
    release: bool = False
    flavor: Mapping[str, Any] | None = None
    follow: str = ""


def fault(message: str, now: float, details: str = "", code: int = 500) -> Any:
    """What the API shows of a server in error."""
    return {"code": code, "created": now, "message": message, "details": details}


def flavor_values(flavor: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say which flavor a server has."""
    return {
        "flavor": dict(flavor),
        "flavor_id": flavor["id"],
        "vcpus": flavor["vcpus"],
        "memory_mib": flavor["ram"],
        "disk_gib": disk_of(flavor),
    }


def disk_of(flavor: Mapping[str, Any]) -> int:
    """GiB of disk on the host: swap is rounded up."""
    root = flavor.get(ROOT_ON_HOST, flavor["disk"])
    return int(root + flavor["ephemeral"] + -(-flavor["swap"] // 1024))


def on_volume(flavor: Mapping[str, Any]) -> dict[str, Any]:
    """The flavor of a server whose root disk takes no room on its host."""
    return {**flavor, ROOT_ON_HOST: 0}


def succeeded(
    server: Server, kind: str, arguments: Mapping[str, Any], now: float
) -> Outcome:
    """After a job that was done."""
    action = action_of_job(kind)
    if action is None:
        return Outcome()
    vm_state = action.success or VmState(server.vm_state)
    values: dict[str, Any] = {}
    if action.task is not TaskState.NONE:
        values["task_state"] = TaskState.NONE.value
    flavor: Mapping[str, Any] | None = None
    release = False
    follow = ""
    if kind in ("build", "unshelve"):
        values |= {"launched_at": now, "progress": 100, "fault": None}
        if kind == "unshelve":
            values["shelved_image_id"] = ""
    elif kind == "rebuild":
        values |= {"fault": None, "progress": 100, "launched_at": now}
        if arguments.get("was_stopped"):
            vm_state = VmState.STOPPED
    elif kind in ("stop", "reboot_hard", "rescue"):
        values["fault"] = None
    elif kind == "unrescue":
        values["rescue_image_id"] = ""
    elif kind == "resize":
        values |= flavor_values(arguments["flavor"])
    elif kind in ("confirm_resize", "revert_resize"):
        assert server.resize is not None
        side = "new_flavor" if kind == "confirm_resize" else "old_flavor"
        flavor = server.resize[side]
        values |= {**flavor_values(flavor), "resize": None}
        vm_state = VmState(server.resize["old_vm_state"])
    elif kind == "shelve" and arguments.get("offload"):
        follow = "shelve_offload"
    elif kind == "shelve_offload":
        values["host"] = ""
        release = True
    elif kind == "delete":
        values |= {"deleted": True, "terminated_at": now, "vifs": []}
        release = True
    values["vm_state"] = vm_state.value
    if action.success is not None:
        values["power_state"] = int(_power_after(server, kind, vm_state))
    return Outcome(values, release, flavor, follow)


def _power_after(server: Server, kind: str, vm_state: VmState) -> PowerState:
    if kind == "resize":
        stopped = VmState(server.vm_state) is VmState.STOPPED
        return PowerState.SHUTDOWN if stopped else PowerState.RUNNING
    return _POWER_AFTER.get(vm_state, PowerState(server.power_state))


def failed(
    server: Server, kind: str, message: str, details: str, now: float
) -> Outcome:
    """After a job that failed for good, its steps undone."""
    action = action_of_job(kind)
    if action is None or server.deleted:
        return Outcome()
    if server.task_state == TaskState.DELETING.value and kind != "delete":
        return Outcome()  # it was cancelled for that: the deletion goes on
    values: dict[str, Any] = {}
    if action.task is not TaskState.NONE:
        values["task_state"] = TaskState.NONE.value
    flavor: Mapping[str, Any] | None = None
    release = False
    if kind == "resize" and server.resize is not None:
        flavor = server.resize["old_flavor"]
        values["resize"] = None
    if kind == "unshelve" and server.vm_state == VmState.SHELVED_OFFLOADED.value:
        values["host"] = ""
        release = True
    if action.fails_to_error:
        values |= {
            "vm_state": VmState.ERROR.value,
            "fault": fault(message, now, details),
        }
    if kind == "build":
        values["host"] = ""
        release = True
    return Outcome(values, release, flavor)


def observed(
    vm_state: str, task_state: str, power: PowerState
) -> tuple[VmState, PowerState] | None:
    """What a server is when its guest did something by itself; None: as it was.

    A guest that shut itself down is stopped; one that runs again is active.  While
    something is under way, its job knows better.
    """
    if task_state != TaskState.NONE.value:
        return None
    vm = VmState(vm_state)
    down = power in (PowerState.SHUTDOWN, PowerState.CRASHED, PowerState.NOSTATE)
    if vm in (VmState.ACTIVE, VmState.PAUSED, VmState.RESCUED) and down:
        # The agent restarts what should run after its host came back; a guest that
        # is down while its host is up was ended from within.
        return (vm if vm is VmState.RESCUED else VmState.STOPPED), power
    if vm is VmState.ACTIVE and power is PowerState.PAUSED:
        return VmState.PAUSED, power
    if vm is VmState.PAUSED and power is PowerState.RUNNING:
        return VmState.ACTIVE, power
    if vm is VmState.ACTIVE and power is PowerState.SUSPENDED:
        return VmState.SUSPENDED, power
    if vm is VmState.STOPPED and power is PowerState.RUNNING:
        return VmState.ACTIVE, power
    if vm is VmState.ERROR and power is PowerState.NOSTATE:
        return None
    return vm, power


def action_event(name: str, start: float, finish: float) -> dict[str, Any]:
    """One event of an action's history."""
    return {
        "event": name,
        "start_time": start,
        "finish_time": finish,
        "result": "Success",
        "host": "",
        "traceback": None,
        "details": None,
    }

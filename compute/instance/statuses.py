"""What the API shows as a server's ``status``: its state and its task, in one word."""

from __future__ import annotations

from compute.instance.states import TaskState, VmState

_TASK_STATUS: dict[tuple[VmState, TaskState], str] = {
    (VmState.ACTIVE, TaskState.REBOOTING): "REBOOT",
    (VmState.ACTIVE, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.STOPPED, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.PAUSED, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.SUSPENDED, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.ERROR, TaskState.REBOOTING_HARD): "HARD_REBOOT",
    (VmState.ACTIVE, TaskState.REBUILDING): "REBUILD",
    (VmState.STOPPED, TaskState.REBUILDING): "REBUILD",
    (VmState.ERROR, TaskState.REBUILDING): "REBUILD",
    (VmState.ACTIVE, TaskState.RESIZING): "RESIZE",
    (VmState.STOPPED, TaskState.RESIZING): "RESIZE",
    (VmState.ACTIVE, TaskState.RESIZE_MOVING): "RESIZE",
    (VmState.STOPPED, TaskState.RESIZE_MOVING): "RESIZE",
    (VmState.ACTIVE, TaskState.MIGRATING): "MIGRATING",
    (VmState.PAUSED, TaskState.MIGRATING): "MIGRATING",
    (VmState.RESIZED, TaskState.REVERTING): "REVERT_RESIZE",
}

_VM_STATUS: dict[VmState, str] = {
    VmState.ACTIVE: "ACTIVE",
    VmState.BUILDING: "BUILD",
    VmState.STOPPED: "SHUTOFF",
    VmState.RESIZED: "VERIFY_RESIZE",
    VmState.PAUSED: "PAUSED",
    VmState.SUSPENDED: "SUSPENDED",
    VmState.RESCUED: "RESCUE",
    VmState.ERROR: "ERROR",
    VmState.DELETED: "DELETED",
    VmState.SOFT_DELETED: "SOFT_DELETED",
    VmState.SHELVED: "SHELVED",
    VmState.SHELVED_OFFLOADED: "SHELVED_OFFLOADED",
}


def status_of(vm_state: str, task_state: str) -> str:
    """What the API shows as ``status``."""
    vm, task = VmState(vm_state), TaskState(task_state)
    return _TASK_STATUS.get((vm, task), _VM_STATUS[vm])


def states_of_status(status: str) -> list[tuple[str, str | None]]:
    """The (vm_state, task_state) pairs that show as ``status`` (None: any task that
    has no status of its own); empty for what is no status."""
    wanted = status.upper()
    pairs: list[tuple[str, str | None]] = [
        (vm.value, task.value)
        for (vm, task), text in _TASK_STATUS.items()
        if text == wanted
    ]
    pairs += [(vm.value, None) for vm, text in _VM_STATUS.items() if text == wanted]
    return pairs


def tasks_with_status(vm_state: str) -> list[str]:
    """The task_states that change the status of a server in ``vm_state``."""
    return [task.value for vm, task in _TASK_STATUS if vm.value == vm_state]

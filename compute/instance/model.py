"""The table of a server's states: which action is legal when, and what it leads to.

Nouns:

* A *server* is one virtual machine that a user asked for; on its host it is a
  *guest*.  What it can be is in ``states.py``.
* An *action* is something a user asks of a server.  It is legal in some vm_states,
  sets a task_state, and is done by a *job* on the server's host; when the job ends,
  the task_state is "" again and the vm_state is the action's ``success``.
* A *stable* server has no task_state, or is deleted.

``ACTIONS`` is the one place that says what may happen when.  Whatever is not in it
answers 409.
"""

from __future__ import annotations

from dataclasses import dataclass

from compute.instance.states import TaskState, VmState

_V = VmState
_T = TaskState
ANY = frozenset(_V) - {_V.DELETED}
IDLE = frozenset({_T.NONE})
ANY_TASK = frozenset(_T)


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the state table.

    ``task``: the task_state while it runs.  ``job``: the kind of job; "" when the
    action is done by the API's own transaction.  ``success``: the vm_state after it,
    None: as before.  ``fails_to_error``: whether failing leaves the server in ERROR
    (the guest is in doubt) instead of where it was.  ``locks``: whether a lock
    forbids it to everybody but administrators.
    """

    label: str  # how the list of instance actions calls it
    vm_states: frozenset[VmState]
    task: TaskState
    job: str
    success: VmState | None
    tasks: frozenset[TaskState] = IDLE
    fails_to_error: bool = False
    locks: bool = True


def _states(*states: VmState) -> frozenset[VmState]:
    return frozenset(states)


_REBOOTING = frozenset({_T.NONE, _T.REBOOTING, _T.REBOOTING_HARD, _T.POWERING_ON})
_CAPTURED = _states(_V.ACTIVE, _V.STOPPED, _V.PAUSED, _V.SUSPENDED)
_PLUGGED = _states(_V.ACTIVE, _V.STOPPED, _V.PAUSED)
_WITH_VOLUMES = _PLUGGED | _states(
    _V.RESIZED, _V.SOFT_DELETED, _V.SHELVED, _V.SHELVED_OFFLOADED
)

ACTIONS: dict[str, Action] = {
    "start": Action("start", _states(_V.STOPPED), _T.POWERING_ON, "start", _V.ACTIVE),
    "stop": Action(
        "stop", _states(_V.ACTIVE, _V.ERROR), _T.POWERING_OFF, "stop", _V.STOPPED
    ),
    "reboot": Action(
        "reboot",
        _states(_V.ACTIVE),
        _T.REBOOTING,
        "reboot",
        _V.ACTIVE,
        fails_to_error=True,
    ),
    "reboot_hard": Action(
        "reboot",
        _states(_V.ACTIVE, _V.STOPPED, _V.PAUSED, _V.SUSPENDED, _V.ERROR),
        _T.REBOOTING_HARD,
        "reboot_hard",
        _V.ACTIVE,
        tasks=_REBOOTING,
        fails_to_error=True,
    ),
    "pause": Action("pause", _states(_V.ACTIVE), _T.PAUSING, "pause", _V.PAUSED),
    "unpause": Action(
        "unpause", _states(_V.PAUSED), _T.UNPAUSING, "unpause", _V.ACTIVE
    ),
    "suspend": Action(
        "suspend", _states(_V.ACTIVE), _T.SUSPENDING, "suspend", _V.SUSPENDED
    ),
    "resume": Action("resume", _states(_V.SUSPENDED), _T.RESUMING, "resume", _V.ACTIVE),
    "rebuild": Action(
        "rebuild",
        _states(_V.ACTIVE, _V.STOPPED, _V.ERROR),
        _T.REBUILDING,
        "rebuild",
        _V.ACTIVE,
        fails_to_error=True,
    ),
    "resize": Action(
        "resize", _states(_V.ACTIVE, _V.STOPPED), _T.RESIZING, "resize", _V.RESIZED
    ),
    # To another host, whether or not the flavor changes: the first of several jobs
    # (``moves.py`` says which one follows which).
    "migrate": Action(
        "migrate",
        _states(_V.ACTIVE, _V.STOPPED),
        _T.RESIZING,
        "migrate_out",
        _V.RESIZED,
    ),
    "live_migrate": Action(
        "live-migration",
        _states(_V.ACTIVE, _V.PAUSED),
        _T.MIGRATING,
        "live_prepare",
        None,
    ),
    # Of a live migration that is under way: abort it, or complete it by force.
    "steer_migration": Action(
        "live-migration",
        _states(_V.ACTIVE, _V.PAUSED),
        _T.NONE,
        "",
        None,
        tasks=frozenset({_T.MIGRATING}),
    ),
    "evacuate": Action(
        "evacuate",
        _states(_V.ACTIVE, _V.STOPPED, _V.ERROR),
        _T.REBUILDING,
        "evacuate",
        _V.ACTIVE,
        fails_to_error=True,
    ),
    "confirm_resize": Action(
        "confirmResize",
        _states(_V.RESIZED),
        _T.CONFIRMING,
        "confirm_resize",
        _V.ACTIVE,
        fails_to_error=True,
    ),
    "revert_resize": Action(
        "revertResize",
        _states(_V.RESIZED),
        _T.REVERTING,
        "revert_resize",
        _V.ACTIVE,
        fails_to_error=True,
    ),
    "shelve": Action("shelve", _CAPTURED, _T.SHELVING, "shelve", _V.SHELVED),
    "shelve_offload": Action(
        "shelveOffload",
        _states(_V.SHELVED),
        _T.OFFLOADING,
        "shelve_offload",
        _V.SHELVED_OFFLOADED,
    ),
    "unshelve": Action(
        "unshelve",
        _states(_V.SHELVED, _V.SHELVED_OFFLOADED),
        _T.UNSHELVING,
        "unshelve",
        _V.ACTIVE,
    ),
    "rescue": Action(
        "rescue",
        _states(_V.ACTIVE, _V.STOPPED, _V.ERROR),
        _T.RESCUING,
        "rescue",
        _V.RESCUED,
    ),
    "unrescue": Action(
        "unrescue",
        _states(_V.RESCUED),
        _T.UNRESCUING,
        "unrescue",
        _V.ACTIVE,
        fails_to_error=True,
    ),
    "create_image": Action(
        "createImage", _CAPTURED, _T.SNAPSHOT, "snapshot", None, locks=False
    ),
    # Asked of the host while the caller waits.
    "change_password": Action("changePassword", _states(_V.ACTIVE), _T.NONE, "", None),
    # Read by the guest when it starts.
    "change_user_data": Action(
        "changeUserData", _states(_V.STOPPED), _T.NONE, "", None
    ),
    "attach_interface": Action(
        "attach_interface", _PLUGGED, _T.NONE, "attach_interface", None
    ),
    "detach_interface": Action(
        "detach_interface", _PLUGGED, _T.NONE, "detach_interface", None
    ),
    "attach_volume": Action(
        "attach_volume", _WITH_VOLUMES, _T.NONE, "attach_volume", None
    ),
    "detach_volume": Action(
        "detach_volume", _WITH_VOLUMES, _T.NONE, "detach_volume", None
    ),
    "swap_volume": Action(
        "swap_volume",
        _states(_V.ACTIVE, _V.PAUSED, _V.RESIZED),
        _T.NONE,
        "swap_volume",
        None,
    ),
    # Told by the volume service, whatever the user has locked.
    "move_volume": Action(
        "move_volume",
        _states(_V.ACTIVE, _V.PAUSED, _V.RESIZED),
        _T.NONE,
        "move_volume",
        None,
        locks=False,
    ),
    "extend_volume": Action(
        "extend_volume",
        _WITH_VOLUMES - {_V.SHELVED_OFFLOADED} | _states(_V.SUSPENDED, _V.RESCUED),
        _T.NONE,
        "extend_volume",
        None,
        locks=False,
    ),
    # The same of its speed.  A guest that is not there yet, or not any more, has the
    # limits when it starts; one whose memory is saved, when it goes on.
    "limit_volume": Action(
        "limit_volume",
        _states(_V.ACTIVE, _V.PAUSED, _V.RESIZED, _V.RESCUED),
        _T.NONE,
        "limit_volume",
        None,
        locks=False,
    ),
    "restore": Action(
        "restore", _states(_V.SOFT_DELETED), _T.RESTORING, "start", _V.ACTIVE
    ),
    # Chosen for ``delete`` where deleted servers are kept for a while.
    "soft_delete": Action(
        "delete",
        _states(_V.ACTIVE, _V.STOPPED, _V.PAUSED, _V.SUSPENDED),
        _T.SOFT_DELETING,
        "soft_delete",
        _V.SOFT_DELETED,
    ),
    # Whatever else is under way is cancelled first.
    "delete": Action(
        "delete",
        ANY,
        _T.DELETING,
        "delete",
        _V.DELETED,
        tasks=ANY_TASK,
        fails_to_error=True,
    ),
    "force_delete": Action(
        "forceDelete",
        ANY,
        _T.DELETING,
        "delete",
        _V.DELETED,
        tasks=ANY_TASK,
        fails_to_error=True,
    ),
    "add_security_group": Action(
        "addSecurityGroup", ANY, _T.NONE, "", None, tasks=ANY_TASK
    ),
    "remove_security_group": Action(
        "removeSecurityGroup", ANY, _T.NONE, "", None, tasks=ANY_TASK
    ),
    "lock": Action("lock", ANY, _T.NONE, "", None, tasks=ANY_TASK, locks=False),
    "unlock": Action("unlock", ANY, _T.NONE, "", None, tasks=ANY_TASK, locks=False),
    "reset_state": Action(
        "os-resetState", ANY, _T.NONE, "", None, tasks=ANY_TASK, locks=False
    ),
    "inject_network_info": Action("injectNetworkInfo", ANY, _T.NONE, "", None),
}
"""Every action of a server that is there."""

# ``create`` is not asked of a server that is there, but its job ends like the others.
CREATE = Action(
    "create",
    _states(_V.BUILDING),
    _T.SPAWNING,
    "build",
    _V.ACTIVE,
    fails_to_error=True,
)


def action_of_job(kind: str) -> Action | None:
    """The row of the state table whose job this is."""
    if kind == CREATE.job:
        return CREATE
    return next((action for action in ACTIONS.values() if action.job == kind), None)

"""What a plan is made of: the changes that an agent can make to its host.

Each is safe to repeat.  ``concerns`` names the thing that is not as it should be until
the operation is done (a device, a namespace, ``RULES``): ports whose things have
none outstanding are wired up.
"""

from __future__ import annotations

from compute.network.agent.operations.devices import (
    AddAddress,
    AddForward,
    AddLink,
    AddNamespace,
    AddRoute,
    AttachUplink,
    ChangeInner,
    ChangeLink,
    RemoveAddress,
    RemoveForward,
    RemoveLink,
    RemoveNamespace,
    RemoveRoute,
    SetPeers,
    SetSysctl,
)
from compute.network.agent.operations.services import (
    CloseListener,
    OpenListener,
    ReloadDnsmasq,
    RemoveFiles,
    StartDnsmasq,
    StopProcess,
)
from compute.network.agent.operations.traffic import (
    DropRules,
    DropTable,
    EndForwarded,
    EndTranslations,
    JudgeFlows,
    LeaveFrames,
    LoadRules,
    ShapeDevice,
    TurnFrames,
    UnshapeDevice,
)

__all__ = [
    "RULES",
    "AddAddress",
    "AddForward",
    "AddLink",
    "AddNamespace",
    "AddRoute",
    "AttachUplink",
    "ChangeInner",
    "ChangeLink",
    "CloseListener",
    "DropRules",
    "DropTable",
    "EndForwarded",
    "EndTranslations",
    "JudgeFlows",
    "LeaveFrames",
    "LoadRules",
    "OpenListener",
    "Operation",
    "ReloadDnsmasq",
    "RemoveAddress",
    "RemoveFiles",
    "RemoveForward",
    "RemoveLink",
    "RemoveNamespace",
    "RemoveRoute",
    "SetPeers",
    "SetSysctl",
    "ShapeDevice",
    "StartDnsmasq",
    "StopProcess",
    "TurnFrames",
    "UnshapeDevice",
]

RULES = "rules"
"""What an operation on the host's rules concerns: every port."""

Operation = (
    AddNamespace
    | RemoveNamespace
    | SetSysctl
    | AddLink
    | ChangeLink
    | ChangeInner
    | RemoveLink
    | AttachUplink
    | AddAddress
    | RemoveAddress
    | AddForward
    | RemoveForward
    | AddRoute
    | RemoveRoute
    | SetPeers
    | LoadRules
    | DropRules
    | DropTable
    | JudgeFlows
    | EndTranslations
    | EndForwarded
    | ShapeDevice
    | UnshapeDevice
    | TurnFrames
    | LeaveFrames
    | StartDnsmasq
    | ReloadDnsmasq
    | StopProcess
    | RemoveFiles
    | OpenListener
    | CloseListener
)

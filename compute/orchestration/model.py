"""The room's records, as they are stored.  Moments are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What somebody asked of an operation that is under way.
STOP, TURN_BACK = "stop", "turn back"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack is to be: its template with all that belongs to it.  ``parameters``:
    those that were given, hidden ones too."""

    template: Mapping[str, Any]
    files: Mapping[str, str]
    environment: Mapping[str, Any]
    parameters: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "template": self.template,
            "files": self.files,
            "environment": self.environment,
            "parameters": self.parameters,
        }


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack.  ``owner_id``: the stack, and ``owner_row`` the resource, that it is
    nested in; "" of one that a user made.  ``generation``: grows with each operation.
    ``previous``: what an update can turn back to.  ``trust_id``: by whose rights the
    operation is done.  ``interrupt``: STOP, TURN_BACK or ""."""

    id: str
    project_id: str
    user_id: str
    user_name: str
    name: str
    owner_id: str
    owner_row: str
    root_id: str
    depth: int
    action: str
    status: str
    reason: str
    template: Mapping[str, Any]
    files: Mapping[str, str]
    environment: Mapping[str, Any]
    parameters: Mapping[str, Any]
    previous: Mapping[str, Any]
    description: str
    tags: Sequence[str]
    timeout_minutes: int
    disable_rollback: bool
    trust_id: str
    old_trusts: Sequence[str]
    signal_key: str
    generation: int
    interrupt: str
    started_at: float
    deadline: float
    created_at: float
    updated_at: float
    deleted_at: float

    @property
    def wanted(self) -> Wanted:
        """What it is to be now."""
        return Wanted(self.template, self.files, self.environment, self.parameters)

    @property
    def state(self) -> tuple[str, str]:
        """The action and how it stands."""
        return self.action, self.status


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that there is, is being made, or is still to be deleted.

    ``type``: as its template says; ``kind``: the type or the template's file that this
    stands for.  ``generation``: the operation of its stack that it was last brought up
    to.  ``properties``: those that it has; ``trying``: those that it is changed to now.
    ``begun``: the first half of the present act is done.  ``tried``: it may have been
    made without our hearing of it.  ``obsolete``: another took its place, it is to be
    deleted.  ``requires``: names that it needs.  ``external``: not ours to change.
    """

    id: str
    stack_id: str
    name: str
    type: str
    kind: str
    action: str
    status: str
    reason: str
    physical_id: str
    properties: Mapping[str, Any]
    trying: Mapping[str, Any]
    data: Mapping[str, Any]
    metadata: Mapping[str, Any]
    requires: Sequence[str]
    deletion_policy: str
    external: bool
    generation: int
    begun: bool
    tried: bool
    obsolete: bool
    started_at: float
    created_at: float
    updated_at: float

    @property
    def state(self) -> tuple[str, str]:
        """The action and how it stands."""
        return self.action, self.status


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a stack (``resource`` is its name then) or to one of
    its resources."""

    number: int
    id: str
    stack_id: str
    root_id: str
    resource: str
    resource_type: str
    physical_id: str
    action: str
    status: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a stack was once: its template, and its resources' states."""

    id: str
    stack_id: str
    name: str
    status: str
    reason: str
    data: Mapping[str, Any]
    created_at: float


@dataclass(frozen=True, slots=True)
class TrustAttempt:
    """A trust that may have been made.  ``expires_at``: of that trust, some centuries
    away, and of no other: trusts have no field for a marker."""

    id: str
    expires_at: float
    created_at: float


@dataclass(frozen=True, slots=True)
class SoftwareConfig:
    """A script or another text for servers."""

    id: str
    project_id: str
    name: str
    group: str
    config: str
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    options: Mapping[str, Any]
    created_at: float


@dataclass(frozen=True, slots=True)
class SoftwareDeployment:
    """A config that is to be applied to a server."""

    id: str
    project_id: str
    server_id: str
    config_id: str
    action: str
    status: str
    reason: str
    input_values: Mapping[str, Any]
    output_values: Mapping[str, Any]
    created_at: float
    updated_at: float

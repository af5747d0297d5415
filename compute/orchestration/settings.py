"""What an operator can choose of the orchestration room."""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.jobs.lease import LEASE_SECONDS
from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class OrchestrationSettings:
    """The orchestration service."""

    stacks_per_project: int = option(
        512, "Stacks of a project, nested ones not counted; -1: any number", minimum=-1
    )
    resources_per_stack: int = option(
        1000, "Resources of a stack with all that is nested in it", minimum=1
    )
    nested_depth: int = option(5, "How deep stacks may be nested", minimum=0)
    template_bytes: Size = option(
        512 * 1024, "How large a template, or the files with it, may be", minimum=1
    )
    events_per_stack: int = option(
        1000, "Events that are kept of a stack: the oldest go first", minimum=10
    )
    timeout_minutes: int = option(
        60, "How long an operation may take when nothing is said", minimum=1
    )
    resources_at_once: int = option(
        8, "Resources of one stack that are worked on at the same time", minimum=1
    )
    stacks_at_once: int = option(
        16, "Stacks that one process works on at the same time", minimum=1
    )
    lease: Seconds = option(
        LEASE_SECONDS,
        "How long a stack waits for a process that is gone before another goes on",
        minimum=2,
    )
    failure_grace: Seconds = option(
        30.0, "How long others may go on to their end after one has failed", minimum=0
    )
    deleted_kept: Seconds = option(
        7 * 86400.0, "How long deleted stacks can still be shown", minimum=0
    )

"""Resources that consist of a nested stack: what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work

CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"
SUSPEND, RESUME, CHECK = "SUSPEND", "RESUME", "CHECK"


class StackType(ResourceType):
    """A resource that is a stack."""

    is_stack = True

    def template(self, work: Work) -> Mapping[str, Any]:
        """What the stack is made of, as the properties want it now; each type has its
        own."""
        raise NotImplementedError

    def parameters(self, work: Work) -> Mapping[str, Any]:
        """Of the stack."""
        return {}

    def outline(
        self, properties: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """The template and the parameters that a new one begins with, as far as its
        properties are known before there is anything; None: nobody can say yet."""
        return None

    def minutes(self, work: Work) -> int | None:
        """How long it may take; None: as long as the stack that it is in."""
        return None

    def create(self, work: Work) -> None:
        """Begin it."""
        work.nested.create(
            self.template(work),
            self.parameters(work),
            timeout_minutes=self.minutes(work),
        )

    def is_created(self, work: Work) -> bool:
        """When it is complete."""
        return work.nested.finished(CREATE)

    def update(self, work: Work, change: Change) -> None:
        """Begin to change it."""
        if work.nested.state() is None:
            raise ResourceFailed("The nested stack is gone")
        self.renew(work)

    def renew(self, work: Work) -> None:
        """Let it become what is wanted now."""
        work.nested.update(
            self.template(work),
            self.parameters(work),
            timeout_minutes=self.minutes(work),
        )

    def is_updated(self, work: Work) -> bool:
        """When that is done."""
        return work.nested.finished(UPDATE)

    def delete(self, work: Work) -> None:
        """Begin to delete it."""
        work.nested.act(DELETE)

    def is_deleted(self, work: Work) -> bool:
        """When it is gone."""
        return work.nested.finished(DELETE)

    def suspend(self, work: Work) -> None:
        """All that is in it."""
        work.nested.act(SUSPEND)

    def is_suspended(self, work: Work) -> bool:
        """When all is."""
        return work.nested.finished(SUSPEND)

    def resume(self, work: Work) -> None:
        """All that is in it."""
        work.nested.act(RESUME)

    def is_resumed(self, work: Work) -> bool:
        """When all is."""
        return work.nested.finished(RESUME)

    def check(self, work: Work) -> None:
        """All that is in it."""
        work.nested.act(CHECK)

    def is_checked(self, work: Work) -> bool:
        """When all is."""
        return work.nested.finished(CHECK)

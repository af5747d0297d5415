"""A type of AWS that stands for types of ours: a nested stack with these in it.

One of them, called ``it``, is what the resource is known by: ``Ref`` and ``Fn::GetAtt``
ask it.  So whatever ours can do (changes in place, replacing, finding again after a
crash) these can, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.stack_type import StackType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.group_type import document

IT = "it"
Resources = dict[str, dict[str, Any]]


class StandIn(StackType):
    """``asks``: by attributes, what of ``it`` is asked for each."""

    asks: ClassVar[Mapping[str, str]] = {}

    def resources(self, work: Work) -> Resources:
        """What is in the nested stack, by names."""
        raise NotImplementedError

    def template(self, work: Work) -> Mapping[str, Any]:
        """Of these resources."""
        return document(self.resources(work))

    def must_replace(self, change: Change) -> bool:
        """What is in it decides that."""
        return False

    def reference(self, work: Work) -> Any:
        """That of ``it``."""
        return work.nested.attribute(IT)

    def attribute(self, work: Work, name: str) -> Any:
        """One of ``it``."""
        return work.nested.attribute(IT, self.asks[name])


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """One of ours, with the properties that are given."""
    given = {name: value for name, value in properties.items() if value is not None}
    return {"type": kind, "properties": given}


def tags_of(tags: Any) -> dict[str, str] | None:
    """A list of ``Key`` and ``Value`` as the map that ours have."""
    found = {str(each["Key"]): str(each["Value"]) for each in tags or ()}
    return found or None

"""Resources that are groups: a nested stack of resources that are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.stack_type import StackType
from compute.orchestration.frame.work import Work
from compute.orchestration.template.paths import along

VERSION = "2021-04-16"


def document(resources: Mapping[str, Any]) -> dict[str, Any]:
    """A template of these resources."""
    return {"heat_template_version": VERSION, "resources": dict(resources)}


class GroupType(StackType):
    """A stack of resources that are alike, by their names."""

    def members(self, work: Work) -> Sequence[str]:
        """The names of those that there are, in their order."""
        raise NotImplementedError

    def must_replace(self, change: Change) -> bool:
        """A stack can always be updated."""
        return False

    def has_attribute(self, name: str) -> bool:
        """Any: of each of its members."""
        return True

    def attribute_path(self, work: Work, name: str, path: tuple[Any, ...]) -> Any:
        """``refs``, ``refs_map``; ``attributes`` and a name: by members;
        ``resource.N`` and a name: of one; a name alone: a list of all members'."""
        members = self.members(work)
        if name == "refs":
            return along([work.nested.attribute(each) for each in members], path)
        if name == "refs_map":
            found = {each: work.nested.attribute(each) for each in members}
            return along(found, path)
        if name == "attributes":
            if not path:
                return None
            return {each: work.nested.attribute(each, *path) for each in members}
        if name.startswith("resource."):
            return self._of_one(work, members, name, path)
        return [work.nested.attribute(each, name, *path) for each in members]

    def _of_one(
        self, work: Work, members: Sequence[str], name: str, path: tuple[Any, ...]
    ) -> Any:
        """Members are known by their place, too."""
        _, which, *words = name.split(".")
        if which not in members and which.isdigit() and int(which) < len(members):
            which = members[int(which)]
        return work.nested.attribute(which, *words, *path)

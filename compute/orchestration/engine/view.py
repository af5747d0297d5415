"""What the resources of one stack answer now: references, attributes, outputs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from compute.orchestration.blueprint import Blueprint
from compute.orchestration.engine.blueprints import blueprint_of
from compute.orchestration.engine.nested import NestedStack
from compute.orchestration.engine.row_work import (
    Asker,
    Guard,
    RowWork,
    nobody_else,
    physical_name,
)
from compute.orchestration.errors import Invalid, ResourceFailed, said
from compute.orchestration.frame.properties import checked
from compute.orchestration.frame.provider import Provider
from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.model import Resource, Stack
from compute.orchestration.parts import Parts
from compute.orchestration.template.environment import is_template
from compute.orchestration.template.scope import Scope, resolve
from compute.orchestration.template.template import Template
from compute.orchestration.template.versions import ALL
from objectstore.kernel.errors import Rejected, Unavailable

_log = logging.getLogger("compute.orchestration")

# Stands for a template that is not there any more: nested stacks know their own.
_BARE = Provider("nested stack", Template(ALL[-1], {}), "")


class StackView:
    """One look: what was asked once is not asked again."""

    def __init__(
        self,
        parts: Parts,
        stack: Stack,
        asker: Asker,
        *,
        rows: Sequence[Resource] | None = None,
        guard: Guard = nobody_else,
    ) -> None:
        self._parts = parts
        self._stack = stack
        self._asker = asker
        self._guard = guard
        if rows is None:
            stores = parts.stores
            rows = parts.read(
                lambda connection: stores.resources_of(connection, stack.id)
            )
        self._rows = {row.name: row for row in rows if not row.obsolete}
        self._blueprint: Blueprint | None = None
        self._answers: dict[str, Any] = {}
        self._outputs_scope: Scope | None = None

    @property
    def blueprint(self) -> Blueprint:
        """The stack as it is wanted; ``Invalid``."""
        if self._blueprint is None:
            self._blueprint = blueprint_of(self._parts, self._stack)
        return self._blueprint

    def has(self, name: str) -> bool:
        """Whether there is such a resource."""
        return name in self._rows

    def reference(self, name: str) -> Any:
        """What ``get_resource`` gives."""
        row = self._rows.get(name)
        if row is None:
            return None
        if row.external:
            return row.physical_id
        return self._once((name,), lambda: self.kind_of(row).reference(self.work(row)))

    def attribute(self, name: str, path: Sequence[Any]) -> Any:
        """What ``get_attr`` gives; no path: every attribute."""
        row = self._rows.get(name)
        if row is None:
            return None
        kind = self.kind_of(row)
        if not path:
            names = [each for each in kind.attributes if each != "show"]
            return {each: self.attribute(name, [each]) for each in names}
        first, *rest = path
        if not kind.has_attribute(str(first)):
            raise Invalid(f"The Referenced Attribute ({name} {first}) is incorrect.")
        return self._once(
            (name, *path),
            lambda: kind.attribute_path(self.work(row), str(first), tuple(rest)),
        )

    def scope(self) -> Scope:
        """To resolve the template's values with."""
        return self.blueprint.scope(self.reference, self.attribute)

    def output_values(self) -> Mapping[str, Any]:
        """Every output that has a value."""
        return {
            name: value
            for name, (value, problem) in self.outputs().items()
            if not problem
        }

    def outputs(self) -> Mapping[str, tuple[Any, str]]:
        """Every output: its value, or why it has none."""
        return {
            output.name: self.output(output.name) for output in self.blueprint.outputs()
        }

    def output(self, name: str) -> tuple[Any, str]:
        """One output's value, or why it has none."""
        section = self.blueprint.template.outputs[name]
        try:
            # One scope for all of them: together they make no more than so much.
            if self._outputs_scope is None:
                self._outputs_scope = self.scope()
            return resolve(section.value, self._outputs_scope), ""
        except (Rejected, ResourceFailed) as error:
            return None, said(error)

    def kind_of(self, row: Resource) -> ResourceType:
        """The type of a row, whether or not its template still wants it; ``Invalid``
        when this cloud has it no more."""
        if row.name in self.sections and not row.obsolete:
            name, kind = self.blueprint.kind_of(row.name)
            if name == row.kind:
                return kind
        if is_template(row.kind):
            return _BARE
        return self._parts.registry.get(row.kind)

    @property
    def sections(self) -> Mapping[str, Any]:
        """The resources that are wanted; none when the template cannot be read (any
        more): what there is can still be deleted."""
        try:
            return self.blueprint.sections
        except Invalid:
            return {}

    def work(
        self, row: Resource, properties: Mapping[str, Any] | None = None
    ) -> RowWork:
        """What its type is given."""
        parts, stack = self._parts, self._stack
        nested = NestedStack(
            parts,
            stack,
            row,
            physical_name(stack, row),
            lambda: self._facade(row),
            lambda child: StackView(parts, child, self._asker),
        )
        return RowWork(
            parts=parts,
            stack=stack,
            row=row,
            asker=self._asker,
            properties=row.properties if properties is None else properties,
            nested=nested,
            policy=lambda: self._update_policy(row),
            guard=self._guard,
        )

    def _update_policy(self, row: Resource) -> Mapping[str, Any]:
        if row.name not in self.sections:
            return checked(self.kind_of(row).update_policy, {})
        return self.blueprint.update_policy(row.name, self.scope())

    def _facade(self, row: Resource) -> Mapping[str, Any]:
        if row.name not in self.sections:
            return {}
        return self.blueprint.facade(row.name, self.scope())

    def _once(self, key: tuple[Any, ...], ask: Callable[[], Any]) -> Any:
        text = orjson.dumps(key, option=orjson.OPT_NON_STR_KEYS).decode()
        if text not in self._answers:
            self._answers[text] = ask()
        return self._answers[text]


def shown_attributes(view: StackView, row: Resource) -> dict[str, Any]:
    """Every attribute of a row for whoever looks at it; None where nobody answers."""
    kind = view.kind_of(row)
    found: dict[str, Any] = {}
    for name in kind.attributes:
        try:
            found[name] = view.attribute(row.name, [name])
        except (Rejected, ResourceFailed, Unavailable) as error:
            _log.debug("attribute %s of %s: %s", name, row.name, error)
            found[name] = None
    return found

"""A stack as it is wanted: template, environment and parameters held together.  Pure.

blueprint = Blueprint(wanted, identity, registry)     # Invalid: it is wrong
blueprint.validate()                                  # each resource's properties
properties = blueprint.properties(name, scope)        # for a resource that is made
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.core.errors import Forbidden
from compute.orchestration.errors import Invalid
from compute.orchestration.frame.properties import checked
from compute.orchestration.frame.provider import DIGEST, Provider, digest_of
from compute.orchestration.frame.resource_type import Definition, ResourceType
from compute.orchestration.model import Wanted
from compute.orchestration.planning.graph import Graph, check_no_circle
from compute.orchestration.registry import Registry
from compute.orchestration.template import conditions
from compute.orchestration.template.environment import (
    is_template,
    stored_environment,
)
from compute.orchestration.template.functions import functions_of, tests_of
from compute.orchestration.template.functions.truths import truth_of
from compute.orchestration.template.limits import NAME_CHARACTERS_MAX
from compute.orchestration.template.needs import references_in
from compute.orchestration.template.parameters import values_of
from compute.orchestration.template.scope import Scope, call_of, resolve
from compute.orchestration.template.template import (
    SNAPSHOT,
    OutputSection,
    ResourceSection,
    Template,
    parse_template,
    policy_of,
)
from compute.orchestration.template.unknown import UNKNOWN, has_unknown
from compute.orchestration.template.yaml_reader import read_yaml

FACADE = "facade"
"""Of a nested stack's environment: what its resource has in the template above."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What pseudo parameters tell of a stack."""

    stack_id: str
    name: str
    project_id: str


class Blueprint:
    """See the module."""

    def __init__(self, wanted: Wanted, identity: Identity, registry: Registry) -> None:
        self.wanted = wanted
        self._identity = identity
        self._registry = registry
        self.template = parse_template(wanted.template)
        self.environment = stored_environment(wanted.environment)
        self.values = values_of(
            self.template.parameters,
            wanted.parameters,
            self.environment.parameter_defaults,
        )
        self._conditions = self._decided()
        plain = self.scope()
        self.sections: Mapping[str, ResourceSection] = {
            name: section
            for name, section in self.template.resources.items()
            if section.condition is None or self._holds(section.condition)
        }
        self._kinds: dict[str, tuple[str, ResourceType]] = {}
        self._templates: dict[str, tuple[Template, str]] = {}
        self.graph: Graph = self._graph(plain)

    def scope(
        self,
        reference: Callable[[str], Any] | None = None,
        attribute: Callable[[str, Sequence[Any]], Any] | None = None,
    ) -> Scope:
        """What to resolve this template's values with."""
        found = Scope(
            version=self.template.version,
            functions=functions_of(self.template.version),
            tests=tests_of(self.template.version),
            parameters=self._all_values(),
            files=self.wanted.files,
            mappings=self.template.mappings,
            conditions=getattr(self, "_conditions", {}),
            resources=frozenset(getattr(self, "sections", {})),
            facade=self.wanted.environment.get(FACADE) or {},
        )
        if reference is not None:
            found.reference = reference
        if attribute is not None:
            found.attribute = attribute
        return found

    def kind_of(self, name: str) -> tuple[str, ResourceType]:
        """The type of a resource, and what it is called after the environment;
        ``Invalid`` when there is none."""
        if name not in self._kinds:
            section = self.template.resources[name]
            self._kinds[name] = self.kind_named(section.type, name)
        return self._kinds[name]

    def kind_named(
        self, type_name: str, resource: str = ""
    ) -> tuple[str, ResourceType]:
        """The same of a type's name."""
        found = self.environment.type_of(type_name, resource)
        if not is_template(found):
            return found, self._registry.get(found)
        if found not in self.wanted.files:
            raise Invalid(f'No content found in the "files" section for {found}')
        return found, Provider(type_name, *self._file(found))

    def properties(self, name: str, scope: Scope) -> dict[str, Any]:
        """A resource's properties, resolved, checked and converted; ``Invalid``."""
        section, (_, kind) = self.sections[name], self.kind_of(name)
        raw = section.properties if section.properties is not None else {}
        if isinstance(raw, Mapping) and call_of(raw, scope) is None:
            found = {key: _property(name, key, raw[key], scope) for key in raw}
        else:
            found = resolve(raw, scope)
        if not isinstance(found, Mapping):
            raise Invalid(f"resources.{name}: properties must be a map")
        values = checked(kind.properties, found, f"resources.{name}.properties")
        if isinstance(kind, Provider):
            values[DIGEST] = kind.digest
        return values

    def metadata(self, name: str, scope: Scope) -> dict[str, Any]:
        """A resource's metadata, resolved; ``Invalid``."""
        found = resolve(self.sections[name].metadata or {}, scope)
        if not isinstance(found, Mapping):
            raise Invalid(f"resources.{name}: metadata must be a map")
        return dict(found)

    def facade(self, name: str, scope: Scope) -> dict[str, Any]:
        """What ``resource_facade`` of a stack nested in this resource gives."""
        section = self.sections[name]
        return {
            "metadata": resolve(section.metadata or {}, scope),
            "deletion_policy": policy_of(resolve(section.deletion_policy, scope)),
            "update_policy": resolve(section.update_policy or {}, scope),
        }

    def update_policy(self, name: str, scope: Scope) -> dict[str, Any]:
        """How a resource is brought up to date, by its type's schema; {} where the type
        has none.  ``Invalid``."""
        schema = self.kind_of(name)[1].update_policy
        found = resolve(self.sections[name].update_policy or {}, scope)
        if not schema:
            return {}
        if found is UNKNOWN:
            found = {}
        if not isinstance(found, Mapping):
            raise Invalid(f"resources.{name}: update_policy must be a map")
        return checked(schema, found, f"resources.{name}.update_policy")

    def outputs(self) -> list[OutputSection]:
        """Those whose conditions hold."""
        return [
            output
            for output in self.template.outputs.values()
            if output.condition is None or self._holds(output.condition)
        ]

    def validate(self, roles: frozenset[str] | None = None) -> None:
        """Check each resource as far as it can be before others are there; ``roles``:
        of whoever wants it, None: nobody has to be asked."""
        scope = self.scope(attribute=self._unknown_attribute)
        for name in self.sections:
            self._validate(name, scope, roles)
        for output in self.outputs():
            resolve(output.value, scope)

    # ---- inside -----------------------------------------------------------------

    def _file(self, name: str) -> tuple[Template, str]:
        """A file's template and digest: read once, however many resources it is."""
        if name not in self._templates:
            document = read_yaml(self.wanted.files[name], f"template {name}")
            template = parse_template(document)
            surroundings = [
                self.environment.parameter_defaults,
                self.environment.registry,
                sorted(self.wanted.files.items()),
            ]
            self._templates[name] = template, digest_of(template, surroundings)
        return self._templates[name]

    def _validate(self, name: str, scope: Scope, roles: frozenset[str] | None) -> None:
        section, (_, kind) = self.sections[name], self.kind_of(name)
        if roles is not None and kind.needs_role and kind.needs_role not in roles:
            raise Forbidden(
                f"Resource type {kind.name} needs the role {kind.needs_role}"
            )
        self.update_policy(name, scope)
        external = resolve(section.external_id, scope)
        if not (external is None or isinstance(external, str) or external is UNKNOWN):
            raise Invalid(f"resources.{name}: external_id must be a text")
        if isinstance(external, str) and len(external) > NAME_CHARACTERS_MAX:
            raise Invalid(f"resources.{name}: external_id is too long")
        policy = resolve(section.deletion_policy, scope)
        is_saved = not has_unknown(policy) and policy_of(policy) == SNAPSHOT
        if is_saved and not kind.can_be_saved():
            raise Invalid(f'"Snapshot" deletion policy not supported ({name})')
        self.metadata(name, scope)
        if external:
            return  # it has properties already
        values = self.properties(name, scope)
        try:
            kind.validate(values)
        except Invalid as error:
            raise Invalid(f"resources.{name}: {error.text}") from None

    def _unknown_attribute(self, name: str, path: Sequence[Any]) -> Any:
        _, kind = self.kind_of(name)
        if path and not kind.has_attribute(str(path[0])):
            raise Invalid(f"The Referenced Attribute ({name} {path[0]}) is incorrect.")
        return UNKNOWN

    def _all_values(self) -> dict[str, Any]:
        return {
            **self.values,
            "OS::stack_id": self._identity.stack_id,
            "OS::stack_name": self._identity.name,
            "OS::project_id": self._identity.project_id,
        }

    def _decided(self) -> dict[str, bool]:
        return conditions.decide(self.template.conditions, self._test_scope())

    def _holds(self, condition: Any) -> bool:
        if not self.template.version.tests:
            raise Invalid('"condition" is not a valid keyword in this version')
        scope = self._test_scope()
        scope.conditions = self._conditions
        found = (
            truth_of(condition, scope) if not isinstance(condition, bool) else condition
        )
        return bool(found)

    def _test_scope(self) -> Scope:
        version = self.template.version
        tests, values = tests_of(version), self._all_values()
        return Scope(version, tests, tests, values, mappings=self.template.mappings)

    def _graph(self, scope: Scope) -> Graph:
        definitions = {
            name: Definition(name, section.type, section.properties or {})
            for name, section in self.sections.items()
        }
        graph: dict[str, frozenset[str]] = {}
        for name, section in self.sections.items():
            needs = set(self._explicit(section))
            for piece in section.pieces():
                needs |= {
                    each for each in references_in(piece, scope) if each in definitions
                }
            if isinstance(definitions[name].properties, Mapping):
                _, kind = self.kind_of(name)
                implied = kind.dependencies(definitions[name], definitions)
                needs |= {each for each in implied if each in definitions}
            graph[name] = frozenset(needs)
        check_no_circle(graph)
        return graph

    def _explicit(self, section: ResourceSection) -> list[str]:
        for name in section.depends_on:
            if name not in self.template.resources:
                raise Invalid(
                    f'The specified reference "{name}" ({section.name}) is incorrect.'
                )
        return [name for name in section.depends_on if name in self.sections]


def _property(resource: str, name: str, raw: Any, scope: Scope) -> Any:
    """One property, resolved; what is wrong with it is told with its place."""
    try:
        return resolve(raw, scope, depth=1)
    except Invalid as error:
        where = f"resources.{resource}.properties.{name}"
        raise Invalid(f"Property error: {where}: {error.text}") from None

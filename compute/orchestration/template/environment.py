"""Environments: parameters, and which type a resource type's name stands for.  Pure.

parameters: {key: admin}
parameter_defaults: {flavor: small}
resource_registry:
  "My::Server": "file:///home/me/server.yaml"
  "OS::Nova::*": "OS::Heat::None"
  resources:
    db: {"OS::Nova::Server": "file:///home/me/db.yaml"}
    site: {web: {"OS::Nova::Server": "file:///home/me/web.yaml"}}

What is said of a resource may be said of one inside it: ``web`` in the stack ``site``.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.scalars import text_of
from compute.orchestration.template.yaml_reader import (
    check_size,
    read_yaml,
    with_text_keys,
)

# A name stands for a name, that for another ...
ALIASES_MAX = 10
TARGET_CHARACTERS_MAX = 2048
# Each is held against each resource.
RULES_MAX = 1000
# Resources inside resources.
REGISTRY_DEPTH_MAX = 10
_SECTIONS = frozenset(
    {
        "parameters",
        "parameter_defaults",
        "resource_registry",
        "encrypted_param_names",
        "event_sinks",
        "parameter_merge_strategies",
    }
)
_HOOKS = "hooks"
_HOOK_NAMES = frozenset({"pre-create", "pre-update", "pre-delete"})
_RESTRICTIONS = "restricted_actions"
_MERGE = "merge"
_DEEP_MERGE = "deep_merge"
_STRATEGIES = ("overwrite", _MERGE, _DEEP_MERGE)


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment; nested stacks have their parent's, without its parameters."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    parameter_defaults: Mapping[str, Any] = field(default_factory=dict)
    registry: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "parameters": dict(self.parameters),
            "parameter_defaults": dict(self.parameter_defaults),
            "resource_registry": dict(self.registry),
        }

    def type_of(self, type_name: str, resource: str = "") -> str:
        """What the name of a type stands for: a type, or a template's file."""
        for _ in range(ALIASES_MAX):
            found = self._alias(type_name, resource)
            if found is None or found == type_name:
                return type_name
            type_name = found
        raise Invalid(f"The resource registry leads {type_name} in a circle")

    def _alias(self, type_name: str, resource: str) -> str | None:
        own = self.registry.get("resources") or {}
        for pattern, rules in own.items():
            if fnmatch.fnmatchcase(resource, pattern):
                found = _match(rules, type_name)
                if found is not None:
                    return found
        return _match(self.registry, type_name)


def parse_environment(document: Any) -> Environment:
    """From what came with a request: a map, or YAML; ``Invalid``."""
    if isinstance(document, str):
        document = read_yaml(document, "environment") if document.strip() else {}
    if not isinstance(document or {}, Mapping):
        raise Invalid("The environment is not a valid YAML mapping data type.")
    document = with_text_keys(document or {}, "environment")
    check_size(document, "environment")
    unknown = sorted(set(document) - _SECTIONS)
    if unknown:
        raise Invalid(f'environment has wrong section "{unknown[0]}"')
    for section in ("encrypted_param_names", "event_sinks"):
        if document.get(section):
            raise Invalid(f"{section} in environments is not served by this cloud")
    registry = _map(document, "resource_registry")
    _check_registry(registry)
    return Environment(
        _map(document, "parameters"), _map(document, "parameter_defaults"), registry
    )


def stored_environment(document: Mapping[str, Any]) -> Environment:
    """From what ``Environment.document`` gave."""
    return Environment(
        document.get("parameters") or {},
        document.get("parameter_defaults") or {},
        document.get("resource_registry") or {},
    )


def merge_environments(
    files: Mapping[str, str], names: Sequence[str], last: Mapping[str, Any]
) -> dict[str, Any]:
    """The files of these names one after the other, and then ``last``: what comes
    later wins, in maps entry by entry.  Lists and maps of parameters are joined where a
    file's ``parameter_merge_strategies`` say so."""
    merged: dict[str, Any] = {}
    strategies: dict[str, str] = {}
    for name in names:
        if name not in files:
            raise Invalid(f'No content found in the "files" section for {name}')
        found = read_yaml(files[name], "environment") or {}
        if not isinstance(found, Mapping):
            raise Invalid("The environment is not a valid YAML mapping data type.")
        strategies |= _strategies_of(found)
        _merge_into(merged, found, strategies)
    # What the client has merged itself is the same once more, or says more.
    known = merged.setdefault("parameters", {})
    for key, value in (last.get("parameters") or {}).items():
        if key not in known or key not in strategies:
            known[key] = value
    rest = {key: value for key, value in last.items() if key != "parameters"}
    _merge_into(merged, rest, strategies)
    return merged


def _merge_into(
    merged: dict[str, Any], found: Mapping[str, Any], strategies: Mapping[str, str]
) -> None:
    for section, entries in found.items():
        if section == "parameter_merge_strategies":
            continue
        if not isinstance(entries, Mapping):
            merged[section] = entries
            continue
        target = merged.setdefault(section, {})
        for key, value in entries.items():
            is_parameter = section in ("parameters", "parameter_defaults")
            how = strategies.get(key, "") if is_parameter else _DEEP_MERGE
            target[key] = _joined(target.get(key), value, how)


def _joined(before: Any, after: Any, how: str) -> Any:
    if how not in (_MERGE, _DEEP_MERGE) or before is None:
        return after
    if isinstance(before, list) and isinstance(after, list):
        return [*before, *after]
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        if how == _MERGE:
            return {**before, **after}
        keys = [*before, *(key for key in after if key not in before)]
        return {
            key: _joined(before.get(key), after[key], how)
            if key in after
            else before[key]
            for key in keys
        }
    return after


def registry_inside(registry: Mapping[str, Any], resource: str) -> Mapping[str, Any]:
    """The registry of a nested stack: its parent's, and what that says of resources
    inside the one that the stack is."""
    own = registry.get("resources") or {}
    inside = {
        name: rules
        for pattern, said in own.items()
        if fnmatch.fnmatchcase(resource, pattern)
        for name, rules in said.items()
        if isinstance(rules, Mapping)
    }
    return {**registry, "resources": {**own, **inside}} if inside else registry


def _strategies_of(found: Mapping[str, Any]) -> dict[str, str]:
    section = found.get("parameter_merge_strategies") or {}
    if not isinstance(section, Mapping):
        raise Invalid("parameter_merge_strategies must be a map")
    for word in section.values():
        if word not in _STRATEGIES:
            raise Invalid(f"parameter_merge_strategies: {word} is none")
    return dict(section)


def _map(document: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = document.get(section) or {}
    if not isinstance(found, Mapping):
        raise Invalid(f"The environment's {section} must be a map")
    return found


def _check_registry(registry: Mapping[str, Any]) -> None:
    own = registry.get("resources") or {}
    if not isinstance(own, Mapping):
        raise Invalid("resource_registry: resources must be a map")
    count = _check_rules({**registry, "resources": {}}, depth=0)
    for rules in own.values():
        if not isinstance(rules, Mapping):
            raise Invalid("resource_registry: the rules of a resource must be a map")
        count += _check_rules(rules, depth=1)
    if count > RULES_MAX:
        raise Invalid(f"resource_registry: it has more than {RULES_MAX} rules")


def _check_rules(rules: Mapping[str, Any], depth: int) -> int:
    """How many they are, with those of resources inside."""
    count = len(rules)
    for key, value in rules.items():
        if key == _RESTRICTIONS:
            raise Invalid(f"resource_registry: {key} are not served by this cloud")
        if key == _HOOKS:
            if not depth:
                raise Invalid("resource_registry: hooks are those of resources")
            _check_hooks(value)
        elif key in ("resources", "base_url"):
            continue
        elif isinstance(value, Mapping) and 0 < depth < REGISTRY_DEPTH_MAX:
            count += _check_rules(value, depth + 1)
        elif not isinstance(value, str) or len(value) > TARGET_CHARACTERS_MAX:
            raise Invalid(f"resource_registry: {key} must stand for a name")
    return count


def _check_hooks(given: Any) -> None:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or any(
        not isinstance(name, str) or name not in _HOOK_NAMES for name in names
    ):
        known = ", ".join(sorted(_HOOK_NAMES))
        raise Invalid(f"resource_registry: hooks are some of {known}")


def _match(rules: Mapping[str, Any], type_name: str) -> str | None:
    """The rule for exactly this name, or the first pattern (``OS::Nova::*``)."""
    exact = rules.get(type_name)
    if exact is not None and not isinstance(exact, Mapping):
        return _with_base(rules, text_of(exact))
    for pattern, target in rules.items():
        if isinstance(target, Mapping):
            continue  # of a resource inside
        if pattern.endswith("*") and type_name.startswith(pattern[:-1]):
            found = text_of(target)
            if found.endswith("*"):
                return found[:-1] + type_name[len(pattern) - 1 :]
            return _with_base(rules, found)
    return None


def _with_base(rules: Mapping[str, Any], target: str) -> str:
    base = rules.get("base_url")
    if isinstance(base, str) and is_template(target) and "://" not in target:
        return f"{base.rstrip('/')}/{target}"
    return target


def is_template(name: str) -> bool:
    """Whether a type is a template's file and not a name."""
    return name.endswith((".yaml", ".template"))

"""Functions that ask for what is elsewhere: parameters, resources, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.paths import along
from compute.orchestration.template.scope import Function, Scope, resolve
from compute.orchestration.template.unknown import UNKNOWN, Unknown, has_unknown

_FACADE = ("metadata", "deletion_policy", "update_policy")


def get_param(arguments: Any, scope: Scope) -> Any:
    """The value of a parameter, or what is at the end of a path in it."""
    arguments = resolve(arguments, scope)
    name, *path = arguments if isinstance(arguments, list) else [arguments]
    if has_unknown(path):
        return UNKNOWN
    if name not in scope.parameters:
        raise Invalid(f"The Parameter ({name}) was not provided.")
    value = along(scope.parameters[name], path)
    return "" if value is None and path else value


def get_resource(arguments: Any, scope: Scope) -> Any:
    """What a resource is referred to by: mostly its physical id."""
    if not isinstance(arguments, str) or arguments not in scope.resources:
        raise Invalid(f'The specified reference "{arguments}" is incorrect.')
    return scope.reference(arguments)


def get_attr(arguments: Any, scope: Scope) -> Any:
    """An attribute of a resource, or what is at the end of a path in it."""
    name, attribute, *path = arguments if len(arguments) > 1 else [*arguments, None]
    if not isinstance(name, str) or name not in scope.resources:
        raise Invalid(f'The specified reference "{name}" is incorrect.')
    whole = [] if attribute is None else resolve([attribute, *path], scope)
    return UNKNOWN if has_unknown(whole) else scope.attribute(name, whole)


def get_file(arguments: Any, scope: Scope) -> Any:
    """The content of a file that was sent with the template."""
    key = resolve(arguments, scope)
    if isinstance(key, Unknown):
        return key
    if not isinstance(key, str):
        raise TypeError
    if key not in scope.files:
        raise Invalid(
            f'No content found in the "files" section for get_file path: {key}'
        )
    return scope.files[key]


def resource_facade(arguments: Any, scope: Scope) -> Any:
    """Metadata or a policy of the resource that this nested stack is."""
    if arguments not in _FACADE:
        raise Invalid(f"resource_facade needs one of: {', '.join(_FACADE)}")
    found: Mapping[str, Any] = scope.facade
    return found.get(arguments, {} if arguments == "metadata" else None)


FUNCTIONS: Mapping[str, Function] = {
    "get_param": get_param,
    "get_resource": get_resource,
    "get_attr": get_attr,
    "get_file": get_file,
    "resource_facade": resource_facade,
}

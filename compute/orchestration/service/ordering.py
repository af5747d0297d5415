"""What a request wants a stack to be: template, files, environment, parameters.

A large template takes some tenths of a second to read: that is done on a native thread,
and others are served meanwhile (measured: waits of 300 ms became 26 ms).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.errors import BadRequest
from compute.orchestration.errors import Invalid
from compute.orchestration.model import Wanted
from compute.orchestration.template.cloudformation import hot_form
from compute.orchestration.template.environment import (
    merge_environments,
    parse_environment,
)
from compute.orchestration.template.scalars import truth, whole_number
from compute.orchestration.template.yaml_reader import (
    check_size,
    read_yaml,
    with_text_keys,
)
from objectstore.kernel import concurrency

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,254}")
FILES_MAX = 500
TAG_CHARACTERS_MAX = 80
TAGS_MAX = 50
TIMEOUT_MINUTES_MAX = 30 * 24 * 60


@dataclass(frozen=True, slots=True)
class Order:
    """A request's body, read.  None: it does not say."""

    wanted: Wanted
    timeout_minutes: int | None
    disable_rollback: bool | None
    tags: tuple[str, ...] | None


def read_order(
    body: Mapping[str, Any], template_bytes_max: int, present: Wanted | None = None
) -> Order:
    """``present``: what goes on being wanted where the body says nothing (PATCH)."""
    return concurrency.offload(_read_order, body, template_bytes_max, present)


def _read_order(
    body: Mapping[str, Any], template_bytes_max: int, present: Wanted | None
) -> Order:
    files = _files(body, template_bytes_max)
    if body.get("template") is None and present is not None:
        template: Any = present.template
        files = {**present.files, **files}
    else:
        template = read_template(body, template_bytes_max)
    environment = parse_environment(_environment(body, files)).document()
    given = {**environment["parameters"], **_map(body, "parameters")}
    if present is not None:
        given = {**_kept(body, present, template), **given}
        before = present.environment
        for section in ("parameter_defaults", "resource_registry"):
            environment[section] = {
                **(before.get(section) or {}),
                **environment[section],
            }
        environment["parameters"] = {
            **(before.get("parameters") or {}),
            **environment["parameters"],
        }
    with_text_keys(given, "parameters")
    check_size(given, "parameters")
    return Order(
        Wanted(template, files, environment, given),
        _minutes(body.get("timeout_mins")),
        None if body.get("disable_rollback") is None else _flag(body),
        _tags(body.get("tags")),
    )


def read_template(body: Mapping[str, Any], bytes_max: int) -> Any:
    """The template of a request's body; ``Invalid``."""
    template = body.get("template")
    if template is None:
        if body.get("template_url"):
            raise Invalid(
                "template_url: this cloud fetches nothing; send the template itself"
            )
        raise BadRequest("No template specified")
    if isinstance(template, str):
        if len(template.encode()) > bytes_max:
            raise Invalid(f"Template size exceeds maximum allowed size ({bytes_max})")
        template = read_yaml(template, "template")
    if not isinstance(template, Mapping):
        raise Invalid("The template is not a JSON object or YAML mapping.")
    check_size(template, "template")
    return with_text_keys(template, "template")


def check_name(name: Any) -> str:
    """A stack's name; ``Invalid``."""
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise Invalid(
            f"Invalid stack name {str(name)[:50]!r} must contain only alphanumeric or"
            ' "_-." characters, must start with alpha and must be 255 characters or'
            " less."
        )
    return name


def _files(body: Mapping[str, Any], bytes_max: int) -> dict[str, str]:
    files = _map(body, "files")
    if body.get("files_container"):
        raise Invalid("files_container: send the files themselves")
    if len(files) > FILES_MAX:
        raise Invalid(f"At most {FILES_MAX} files can be sent")
    size = 0
    for name, text in files.items():
        if not isinstance(text, str):
            # Clients send nested templates as maps, too.
            raise Invalid(f"files: the content of {name} must be a text")
        size += len(text.encode())
    if size > bytes_max:
        raise Invalid(f"The files are larger than {bytes_max} bytes")
    return dict(with_text_keys(files, "files"))


def _environment(body: Mapping[str, Any], files: Mapping[str, str]) -> Any:
    environment = body.get("environment") or {}
    names = body.get("environment_files") or []
    if not names:
        return environment
    if isinstance(environment, str):
        environment = read_yaml(environment, "environment") or {}
    if not isinstance(names, list) or not isinstance(environment, Mapping):
        raise Invalid("environment_files must be a list")
    return merge_environments(files, [str(name) for name in names], environment)


def _kept(
    body: Mapping[str, Any], present: Wanted, template: Mapping[str, Any]
) -> dict[str, Any]:
    """Parameters that stay as they are, of those that the template still has."""
    cleared = body.get("clear_parameters") or []
    if not isinstance(cleared, list):
        raise BadRequest("clear_parameters must be a list")
    known = hot_form(template).get("parameters")
    if not isinstance(known, Mapping):
        return {}
    return {
        name: value
        for name, value in present.parameters.items()
        if name not in cleared and name in known
    }


def _map(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name) or {}
    if not isinstance(found, Mapping):
        raise BadRequest(f"{name} must be a map")
    return found


def _flag(body: Mapping[str, Any]) -> bool:
    try:
        return truth(body["disable_rollback"])
    except TypeError:
        raise BadRequest("disable_rollback must be true or false") from None


def _minutes(given: Any) -> int | None:
    if given is None:
        return None
    try:
        found = whole_number(given)
    except (TypeError, ValueError, OverflowError):
        found = -1
    if not 0 <= found <= TIMEOUT_MINUTES_MAX:
        raise BadRequest(
            f"timeout_mins must be a number of minutes, at most {TIMEOUT_MINUTES_MAX}"
        )
    return found


def _tags(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    texts = given.split(",") if isinstance(given, str) else given
    if not isinstance(texts, list) or len(texts) > TAGS_MAX:
        raise BadRequest(f"tags must be a list of at most {TAGS_MAX}")
    for tag in texts:
        if not isinstance(tag, str) or not tag or len(tag) > TAG_CHARACTERS_MAX:
            raise Invalid(
                f"Invalid tag, a tag has 1 to {TAG_CHARACTERS_MAX} characters"
            )
    return tuple(texts)

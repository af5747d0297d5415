"""What templates may be: validation, resource types, versions and functions."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.orchestration.api.documents import shown_environment
from compute.orchestration.api.frame import Frame
from compute.orchestration.api.samples import SAMPLES
from compute.orchestration.blueprint import Identity
from compute.orchestration.engine.blueprints import draw, validate
from compute.orchestration.errors import Invalid, MissingParameter
from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.model import Wanted
from compute.orchestration.service.describing import (
    Nested,
    shown_parameters,
    templates_in,
)
from compute.orchestration.service.ordering import read_order
from compute.orchestration.template import functions
from compute.orchestration.template.template import parse_template
from compute.orchestration.template.versions import ALL, FOREIGN, KEY
from objectstore.kernel.reply import Reply


class TemplatesApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        types, versions = "/resource_types", "/template_versions"
        return [
            route("POST", "/validate", "stacks:validate_template", self.validate),
            route("GET", types, "stacks:list_resource_types", self.types),
            route("GET", f"{types}/{{type_name}}", "stacks:resource_schema", self.type),
            route(
                "GET",
                f"{types}/{{type_name}}/template",
                "stacks:generate_template",
                self.type_template,
            ),
            route("GET", versions, "stacks:list_template_versions", self.versions),
            route(
                "GET",
                f"{versions}/{{version}}/functions",
                "stacks:list_template_functions",
                self.functions,
            ),
        ]

    def validate(self, call: ApiCall) -> Reply:
        """What a template wants to know; 400 when it is wrong."""
        order = read_order(call.json_object(), self._parts.settings.template_bytes)
        template = parse_template(order.wanted.template)
        given = {
            **(order.wanted.environment.get("parameter_defaults") or {}),
            **order.wanted.parameters,
        }
        known = {
            name: value for name, value in given.items() if name in template.parameters
        }
        identity = Identity("", "validated", call.context.project_id)
        self._check(identity, order.wanted)
        files = set(templates_in(order.wanted, template).values())
        registry = order.wanted.environment.get("resource_registry") or {}
        document: dict[str, Any] = {
            "Description": template.description or "No description",
            "Parameters": shown_parameters(template, known),
            "Environment": {
                **order.wanted.environment,
                **shown_environment(order.wanted),
                "resource_registry": {
                    **{file: file for file in sorted(files)},
                    "resources": {},
                    **registry,
                },
                "event_sinks": [],
            },
        }
        if call.query.flag("show_nested"):
            nested = Nested(self._parts, identity).parameters(order.wanted)
            if nested:
                document["NestedParameters"] = nested
        if template.groups:
            document["ParameterGroups"] = list(template.groups)
        return json_reply(200, document)

    def types(self, call: ApiCall) -> Reply:
        """Every type's name."""
        name = call.query.one("name")
        support = call.query.one("support_status")
        found = [
            each
            for each in self._parts.registry
            if name in each.name and (not support or each.support.status == support)
        ]
        if call.query.flag("with_description"):
            shown: list[Any] = [
                {"resource_type": each.name, "description": each.description}
                for each in found
            ]
        else:
            shown = [each.name for each in found]
        return json_reply(200, {"resource_types": shown})

    def type(self, call: ApiCall) -> Reply:
        """One type's properties and attributes."""
        found = self._type(call)
        document: dict[str, Any] = {
            "resource_type": found.name,
            "properties": {
                name: each.show() for name, each in found.properties.items()
            },
            "attributes": {
                name: each.show() for name, each in found.attributes.items()
            },
            "support_status": found.support.show(),
        }
        document["attributes"].setdefault(
            "show", {"description": "Detailed information", "type": "map"}
        )
        if call.query.flag("with_description"):
            document["description"] = found.description
        return json_reply(200, document)

    def type_template(self, call: ApiCall) -> Reply:
        """A template with one resource of the type, all of it by parameters."""
        found = self._type(call)
        kind = call.query.one("template_type", "cfn").lower()
        sample = SAMPLES.get(kind)
        if sample is None:
            raise BadRequest(f"Template type {kind[:20]} is not supported: hot, cfn")
        return json_reply(200, sample(found))

    def versions(self, call: ApiCall) -> Reply:
        """Every version of templates."""
        found = [
            {
                "version": f"{KEY}.{version.name}",
                "type": "hot",
                "aliases": [f"{KEY}.{alias}" for alias in version.aliases],
            }
            for version in ALL
        ]
        found += [
            {"version": f"{key}.{version}", "type": "cfn", "aliases": []}
            for key, version in sorted(FOREIGN.items())
        ]
        return json_reply(200, {"template_versions": found})

    def functions(self, call: ApiCall) -> Reply:
        """The functions of one version."""
        wanted = call.parameters["version"].removeprefix(f"{KEY}.")
        for version in ALL:
            if wanted in (version.name, *version.aliases):
                names = set(version.functions)
                if call.query.flag("with_condition_func"):
                    names |= version.tests
                found = [
                    {"functions": name, "description": functions.DESCRIPTIONS[name]}
                    for name in sorted(names)
                ]
                return json_reply(200, {"template_functions": found})
        raise NotFound(f"Template version {wanted[:50]} could not be found.")

    # ---- inside -----------------------------------------------------------------

    def _check(self, identity: Identity, wanted: Wanted) -> None:
        """What can be checked without the parameters that are not given."""
        try:
            validate(draw(wanted, identity, self._parts.registry))
        except MissingParameter:
            return

    def _type(self, call: ApiCall) -> ResourceType:
        try:
            return self._parts.registry.get(call.parameters["type_name"])
        except Invalid as error:
            raise NotFound(error.text, kind="EntityNotFound") from None

"""``OS::Heat::Stack``: a stack whose template is a property."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.stack_type import StackType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    a_map,
    attributes,
    flag,
    mapping,
    text,
    whole,
)
from compute.orchestration.resources.frame.things import refuse
from compute.orchestration.template.yaml_reader import read_yaml

REGION = "region_name"
_HERE = "stacks are made here"
ELSEWHERE = dict.fromkeys(("credential_secret_id", "ca_cert", "insecure"), _HERE)


class InnerStack(StackType):
    """A stack in this one."""

    name = "OS::Heat::Stack"
    description = "A stack in this one, with a template of its own."
    properties = {
        "context": mapping(
            "Where it is made: here",
            {
                REGION: text("The region; only this one can be meant"),
                "credential_secret_id": text("Credentials of another cloud"),
                "ca_cert": text("The certificate of another cloud"),
                "insecure": flag("Whether another cloud needs none", False),
            },
            live=True,
        ),
        "template": text("Its template", required=True, live=True),
        "timeout": whole("Minutes that it may take", live=True, least=1),
        "parameters": mapping("Its parameters", default={}, live=True),
    }
    attributes = attributes(stack_name="Its name", outputs=a_map("Its outputs"))

    def __init__(self, region: str) -> None:
        """``region``: of this cloud."""
        self._region = region

    def validate(self, properties: Mapping[str, Any]) -> None:
        """It is here, and the template can be read."""
        self._check_place(properties["context"])
        given = properties["template"]
        if isinstance(given, str) and not isinstance(_read(given), Mapping):
            raise Invalid("template: it is not a map")

    def _check_place(self, context: Any) -> None:
        if not isinstance(context, Mapping):
            return
        refuse(ELSEWHERE, context)
        region = context[REGION]
        if isinstance(region, str) and region not in ("", self._region):
            raise Invalid(
                f"context: stacks are made in the region {self._region} only,"
                f" not in {region[:64]}"
            )

    def must_replace(self, change: Change) -> bool:
        """A stack can always be updated."""
        return False

    def template(self, work: Work) -> Mapping[str, Any]:
        """The one of the property."""
        found: Mapping[str, Any] = _read(work.properties["template"])
        return found

    def parameters(self, work: Work) -> Mapping[str, Any]:
        """Those of the property."""
        return dict(work.properties["parameters"] or {})

    def minutes(self, work: Work) -> int | None:
        """The property ``timeout``."""
        timeout: int | None = work.properties["timeout"]
        return timeout

    def attribute(self, work: Work, name: str) -> Any:
        """Its outputs."""
        if name == "outputs":
            return dict(work.nested.outputs())
        if name == "stack_name":
            return work.physical_name
        state = work.nested.state()
        return state and {"id": state.id, "status": f"{state.action}_{state.status}"}


def _read(template: str) -> Any:
    return read_yaml(template, "the property template")


def types_in(region: str) -> tuple[InnerStack]:
    """The type in that region."""
    return (InnerStack(region),)

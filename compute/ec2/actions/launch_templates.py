"""Launch templates: made, shown, changed, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import invalid
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.launch_templates import asked_template
from compute.ec2.templates.data import asked_data
from compute.ec2.templates.keeper import Wanted
from compute.ec2.templates.model import Template

DESCRIPTION_LENGTH_MAX = 255

FILTERS: Mapping[str, Accessor] = {
    "create-time": lambda shown: shown["createTime"],
    "launch-template-name": lambda shown: shown["launchTemplateName"],
}


def document(template: Template) -> dict[str, Any]:
    """A template as it is shown."""
    return {
        "launchTemplateId": ids.ec2_id(ids.LAUNCH_TEMPLATE, template.id),
        "launchTemplateName": template.name,
        "createTime": written(template.created_at),
        "createdBy": template.created_by,
        "defaultVersionNumber": template.default_version,
        "latestVersionNumber": template.latest_version,
        "tagSet": tagging.set_of(template.tags),
    }


def written(moment: float) -> str:
    """Seconds since the epoch as EC2 writes them."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def asked_description(call: Call) -> str:
    """``VersionDescription`` of a request."""
    text = call.parameters.text("VersionDescription")
    if len(text) > DESCRIPTION_LENGTH_MAX or not text.isprintable():
        raise invalid("VersionDescription", text, "It has at most 255 characters.")
    return text


def describe(call: Call) -> Document:
    """``DescribeLaunchTemplates``."""
    parameters = call.parameters
    names = parameters.texts("LaunchTemplateName")
    if wanted := parameters.texts("LaunchTemplateId"):
        by_id = {
            ids.ec2_id(ids.LAUNCH_TEMPLATE, each.id): each
            for each in call.templates.all(call.signer)
        }
        templates = ids.named(by_id, ids.LAUNCH_TEMPLATE, wanted)
    elif names:
        templates = [
            call.templates.named(call.signer, Wanted(name=name))
            for name in dict.fromkeys(names)
        ]
    else:
        templates = call.templates.all(call.signer)
    shown = [document(each) for each in templates]
    found = chosen(shown, asked_filters(parameters), FILTERS)
    key = "launchTemplateId"
    found, token = page(parameters, found, lambda each: str(each[key]), 1)
    return {"launchTemplates": found, "nextToken": token}


def create(call: Call) -> Document:
    """``CreateLaunchTemplate``."""
    parameters = call.parameters
    template = call.templates.create(
        call.signer,
        parameters.required("LaunchTemplateName"),
        asked_description(call),
        asked_data(parameters),
        tagging.tags_of_type(parameters, tagging.LAUNCH_TEMPLATE_TYPE),
        tagging.client_token(parameters),
    )
    return {"launchTemplate": document(template)}


def modify(call: Call) -> Document:
    """``ModifyLaunchTemplate``: another default version."""
    wanted = asked_template(call.parameters)
    version = call.parameters.required("SetDefaultVersion")
    template = call.templates.set_default(call.signer, wanted, version)
    return {"launchTemplate": document(template)}


def delete(call: Call) -> Document:
    """``DeleteLaunchTemplate``: with all its versions; instances stay."""
    template = call.templates.delete(call.signer, asked_template(call.parameters))
    return {"launchTemplate": document(template)}


_NAMED = "LaunchTemplateId LaunchTemplateName"
ACTIONS = {
    "CreateLaunchTemplate": Action(
        create,
        "LaunchTemplateName VersionDescription LaunchTemplateData TagSpecification"
        " ClientToken",
    ),
    "DescribeLaunchTemplates": Action(
        describe, f"{_NAMED} Filter MaxResults NextToken"
    ),
    "ModifyLaunchTemplate": Action(modify, f"{_NAMED} SetDefaultVersion ClientToken"),
    "DeleteLaunchTemplate": Action(delete, _NAMED),
}

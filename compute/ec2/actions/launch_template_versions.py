"""Versions of launch templates: added, shown, taken away; and what an instance has
that a template could say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids
from compute.ec2.actions.instances import asked_servers
from compute.ec2.actions.launch_templates import asked_description, written
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.launch_templates import asked_template
from compute.ec2.tagging import client_token
from compute.ec2.templates.data import asked_data, shown_data
from compute.ec2.templates.model import DEFAULT, LATEST, Template, Version
from compute.ec2.views.instances import instance

# A page's key: newer versions first.
_BEYOND_ANY_VERSION = 10**9


def _said(*path: str) -> Accessor:
    """Something of what a version says."""

    def look(document: Mapping[str, Any]) -> Any:
        found: Any = document["launchTemplateData"]
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    return look


FILTERS: Mapping[str, Accessor] = {
    "create-time": lambda shown: shown["createTime"],
    "ebs-optimized": _said("ebsOptimized"),
    "http-endpoint": _said("metadataOptions", "httpEndpoint"),
    "http-tokens": _said("metadataOptions", "httpTokens"),
    "image-id": _said("imageId"),
    "instance-type": _said("instanceType"),
    "is-default-version": lambda shown: shown["defaultVersion"],
}


def _document(template: Template, version: Version) -> dict[str, Any]:
    return {
        "launchTemplateId": ids.ec2_id(ids.LAUNCH_TEMPLATE, template.id),
        "launchTemplateName": template.name,
        "versionNumber": version.number,
        "versionDescription": version.description or None,
        "createTime": written(version.created_at),
        "createdBy": version.created_by,
        "defaultVersion": version.number == template.default_version,
        "launchTemplateData": shown_data(version.data),
    }


def describe(call: Call) -> Document:
    """``DescribeLaunchTemplateVersions``: of one, or the default or latest of all."""
    parameters = call.parameters
    asked = parameters.texts("LaunchTemplateVersion")
    is_of_one = parameters.has("LaunchTemplateId") or parameters.has(
        "LaunchTemplateName"
    )
    if not is_of_one and (not asked or set(asked) - {DEFAULT, LATEST}):
        text = f"Of all launch templates there are {DEFAULT} and {LATEST} to be shown"
        raise Ec2Error("MissingParameter", f"{text}; else name one.")
    if is_of_one:
        templates = [call.templates.named(call.signer, asked_template(parameters))]
    else:
        templates = call.templates.all(call.signer)
    least = parameters.integer("MinVersion", 0) or 0
    most = parameters.integer("MaxVersion", _BEYOND_ANY_VERSION) or 0
    shown = [
        _document(each, version)
        for each in templates
        for version in call.templates.versions(call.signer, each, asked or None)
        if asked or least <= version.number <= most
    ]
    found = chosen(shown, asked_filters(parameters), FILTERS)
    found, token = page(parameters, found, _key, 1)
    return {"launchTemplateVersionSet": found, "nextToken": token}


def _key(shown: Mapping[str, Any]) -> str:
    place = _BEYOND_ANY_VERSION - shown["versionNumber"]
    return f"{shown['launchTemplateId']} {place:010}"


def create(call: Call) -> Document:
    """``CreateLaunchTemplateVersion``: what it leaves out comes from the version that
    it is made from, if it names one."""
    parameters = call.parameters
    template, version = call.templates.add_version(
        call.signer,
        asked_template(parameters),
        parameters.text("SourceVersion"),
        asked_description(call),
        asked_data(parameters),
        client_token(parameters),
    )
    return {"launchTemplateVersion": _document(template, version)}


def delete(call: Call) -> Document:
    """``DeleteLaunchTemplateVersions``: what came of each."""
    parameters = call.parameters
    wanted = parameters.texts("LaunchTemplateVersion")
    template, came = call.templates.delete_versions(
        call.signer, asked_template(parameters), wanted
    )
    gone, kept = [], []
    for number, error in came.items():
        shown: dict[str, Any] = {
            "launchTemplateId": ids.ec2_id(ids.LAUNCH_TEMPLATE, template.id),
            "launchTemplateName": template.name,
            "versionNumber": number if number.isdigit() else None,
        }
        if error is None:
            gone.append(shown)
        else:
            why = {"code": error.code, "message": error.text}
            kept.append({**shown, "responseError": why})
    return {
        "successfullyDeletedLaunchTemplateVersionSet": gone,
        "unsuccessfullyDeletedLaunchTemplateVersionSet": kept,
    }


# ---- from an instance ----------------------------------------------------------------


def of_instance(call: Call) -> Document:
    """``GetLaunchTemplateData``: what would order another instance like this one."""
    identifier = call.parameters.required("InstanceId")
    server = asked_servers(call.inventory, [identifier])[0]
    shown = instance(call.inventory, server)
    tags = [tag for tag in shown["tagSet"] if not tag["key"].startswith("aws:")]
    said: dict[str, Any] = {
        "imageId": shown["imageId"],
        "instanceType": shown["instanceType"],
        "keyName": shown["keyName"],
        "ebsOptimized": "false",
        "monitoring": {"enabled": "false"},
        "placement": {
            "availabilityZone": shown["placement"]["availabilityZone"],
            "tenancy": "default",
        },
        "networkInterfaceSet": [_interface(each) for each in shown[_INTERFACES]],
        "tagSpecificationSet": [{"resourceType": "instance", "tagSet": tags}],
    }
    return {"launchTemplateData": said}


_INTERFACES = "networkInterfaceSet"


def _interface(shown: Mapping[str, Any]) -> dict[str, Any]:
    groups = [group["groupId"] for group in shown["groupSet"]]
    return {
        "deviceIndex": shown["attachment"]["deviceIndex"],
        "subnetId": shown["subnetId"],
        "groupSet": groups,
        "deleteOnTermination": shown["attachment"]["deleteOnTermination"],
    }


_NAMED = "LaunchTemplateId LaunchTemplateName"
ACTIONS: dict[str, Action] = {
    "DescribeLaunchTemplateVersions": Action(
        describe,
        f"{_NAMED} LaunchTemplateVersion MinVersion MaxVersion Filter MaxResults"
        " NextToken",
    ),
    "CreateLaunchTemplateVersion": Action(
        create,
        f"{_NAMED} SourceVersion VersionDescription LaunchTemplateData ClientToken",
    ),
    "DeleteLaunchTemplateVersions": Action(delete, f"{_NAMED} LaunchTemplateVersion"),
    "GetLaunchTemplateData": Action(of_instance, "InstanceId"),
}

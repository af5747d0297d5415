"""Orders that name a launch template: what it says, and over it what they say."""

from __future__ import annotations

from dataclasses import replace

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.parameters import Parameters
from compute.ec2.templates.data import laid_over
from compute.ec2.templates.keeper import Wanted
from compute.ec2.templates.model import DEFAULT

# Tags of an instance that say where it comes from; nobody else may give such ones.
_ID_TAG = "aws:ec2launchtemplate:id"
_VERSION_TAG = "aws:ec2launchtemplate:version"


def asked_template(parameters: Parameters) -> Wanted:
    """The one that is named by ``LaunchTemplateId`` or ``LaunchTemplateName``."""
    wanted = Wanted(
        parameters.text("LaunchTemplateId"), parameters.text("LaunchTemplateName")
    )
    if bool(wanted.id) is bool(wanted.name):
        text = "Either launch template ID or launch template name must be specified"
        code = "InvalidParameterCombination" if wanted.id else "MissingParameter"
        raise Ec2Error(code, f"{text}, and not both.")
    return wanted


def with_template(call: Call) -> tuple[Call, dict[str, str]]:
    """The order with all that its template adds, and the tags that tell of it."""
    if not call.parameters.has("LaunchTemplate"):
        return call, {}
    named = call.parameters.structure("LaunchTemplate")
    named.heed("LaunchTemplateId LaunchTemplateName Version")
    template = call.templates.named(call.signer, asked_template(named))
    wanted = named.text("Version") or DEFAULT
    version = call.templates.versions(call.signer, template, [wanted])[0]
    parameters = Parameters(laid_over(version.data, call.parameters.tree))
    tags = {
        _ID_TAG: ids.ec2_id(ids.LAUNCH_TEMPLATE, template.id),
        _VERSION_TAG: str(version.number),
    }
    return replace(call, parameters=parameters), tags

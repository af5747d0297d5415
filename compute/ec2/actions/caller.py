"""Who asks: the one action of STS that tools want beside EC2's."""

from __future__ import annotations

from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document


def identity(call: Call) -> Document:
    """``GetCallerIdentity``: the project is the account."""
    account, user = call.signer.project_id, call.signer.user_id
    shown = {"Arn": call.signer.arn, "UserId": user, "Account": account}
    return {"GetCallerIdentityResult": shown}


ACTIONS = {"GetCallerIdentity": Action(identity)}

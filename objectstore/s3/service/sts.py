"""STS: ``AssumeRole`` and ``GetSessionToken`` shaped temporary keys.

Both give keys with the caller's own rights, less what a session policy takes
away; there are no roles to assume, so any role ARN is taken.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from objectstore.kernel.reply import Reply
from objectstore.s3.access.policy import parse_session_policy
from objectstore.s3.caller import Caller
from objectstore.s3.dates import iso
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation
from objectstore.s3.signing.session import Session, Sessions
from objectstore.s3.sts_body import read_sts_body
from objectstore.s3.xml.write import document, element, text

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
SECONDS_MIN = 900
SECONDS_DEFAULT = {"AssumeRole": 3600, "GetSessionToken": 43200}
POLICY_LENGTH_MAX = 2048
FIELDS_MAX = 50


def answer_sts(operation: Operation, sessions: Sessions | None) -> Reply:
    """The reply to an STS request, whoever sent it having been verified."""
    caller = operation.caller
    if sessions is None:
        raise S3Error("NotImplemented", "Temporary keys need sts_secret to be set")
    if caller.is_anonymous or caller.verified is None:
        raise S3Error("AccessDenied")
    form = _form(operation)
    action = form.get("Action", "")
    if action == "GetCallerIdentity":
        return _identity(operation, caller)
    if action not in SECONDS_DEFAULT:
        raise S3Error("NotImplemented", "The action is not supported")
    if caller.is_session:
        # A chain of sessions would outlive each of its links.
        raise S3Error("AccessDenied")
    seconds = _seconds(form, action, operation.house.settings.sts_duration_max)
    policy = form.get("Policy", "")
    if len(policy) > POLICY_LENGTH_MAX:
        raise S3Error("MalformedPolicy", "The session policy is too long")
    if policy:
        parse_session_policy(policy)
    if action == "AssumeRole":
        _check_role(form)
    session, token = sessions.create(caller.user, operation.now() + seconds, policy)
    credentials = _credentials(session, token)
    if action == "AssumeRole":
        name = form["RoleSessionName"]
        arn = f"arn:aws:sts::{caller.account}:assumed-role/{caller.user}/{name}"
        credentials += element(
            "AssumedRoleUser",
            text("AssumedRoleId", f"{caller.user}:{name}"),
            text("Arn", arn),
        )
    return _reply(operation, action, credentials)


def _form(operation: Operation) -> dict[str, str]:
    try:
        fields = parse_qs(
            read_sts_body(operation.environ).decode(), max_num_fields=FIELDS_MAX
        )
    except ValueError:
        raise S3Error("InvalidRequest") from None
    form = {name: values[0] for name, values in fields.items()}
    return form or dict(operation.query)


def _seconds(form: dict[str, str], action: str, most: float) -> int:
    given = form.get("DurationSeconds", str(SECONDS_DEFAULT[action]))
    plain = given.isascii() and given.isdigit() and len(given) < 10
    if not plain or not SECONDS_MIN <= int(given) <= most:
        raise S3Error(
            "InvalidArgument",
            f"DurationSeconds must be between {SECONDS_MIN} and {int(most)}",
        )
    return int(given)


def _check_role(form: dict[str, str]) -> None:
    name, arn = form.get("RoleSessionName", ""), form.get("RoleArn", "")
    plain = name.replace("_", "").replace("-", "").strip("=,.@")
    if not (2 <= len(name) <= 64 and name.isascii() and plain.isalnum()):
        raise S3Error("InvalidArgument", "RoleSessionName is missing or malformed")
    if not 20 <= len(arn) <= 2048:
        raise S3Error("InvalidArgument", "RoleArn is missing or malformed")


def _credentials(session: Session, token: str) -> str:
    return element(
        "Credentials",
        text("AccessKeyId", session.access_key),
        text("SecretAccessKey", session.secret),
        text("SessionToken", token),
        text("Expiration", iso(session.expires)),
    )


def _identity(operation: Operation, caller: Caller) -> Reply:
    user = caller.user.rpartition(":")[2]
    content = (
        text("Arn", f"arn:aws:iam::{caller.account}:user/{user}")
        + text("UserId", caller.user)
        + text("Account", caller.account)
    )
    return _reply(operation, "GetCallerIdentity", content)


def _reply(operation: Operation, action: str, content: str) -> Reply:
    body = document(
        f"{action}Response",
        element(f"{action}Result", content),
        element("ResponseMetadata", text("RequestId", operation.request_id)),
        namespace=NAMESPACE,
    )
    return Reply(200, body, [("Cache-Control", "no-store")], "text/xml")

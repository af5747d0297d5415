"""Files that clients of the field read.  Pure."""

from __future__ import annotations

import json
import shlex

from compute.dashboard.frame.session import Session


def clouds_yaml(session: Session, credential: str = "", secret: str = "") -> str:
    """One cloud; with an application credential, or without a password."""
    auth = {"auth_url": f"{session.identity_url}/v3"}
    if credential:
        auth |= {
            "application_credential_id": credential,
            "application_credential_secret": secret,
        }
    else:
        auth |= {
            "username": session.user_name,
            "user_domain_name": session.user_domain,
            **_scope(session),
        }
    lines = ["clouds:", "  ringstack:"]
    if credential:
        lines.append("    auth_type: v3applicationcredential")
    lines.append("    auth:")
    # What JSON says in quotes, YAML says too.
    lines += [f"      {name}: {_quoted(value)}" for name, value in auth.items()]
    lines.append(f"    region_name: {_quoted(session.region)}")
    lines.append("    identity_api_version: 3")
    return "\n".join(lines) + "\n"


def _scope(session: Session) -> dict[str, str]:
    if session.domain_id:
        return {"domain_id": session.domain_id}
    return {"project_id": session.project_id}


def openrc(session: Session) -> str:
    """Variables for a shell; it asks for the password."""
    values = {
        "OS_AUTH_URL": f"{session.identity_url}/v3",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": session.user_name,
        "OS_USER_DOMAIN_NAME": session.user_domain,
        **{f"OS_{name.upper()}": text for name, text in _scope(session).items()},
        "OS_REGION_NAME": session.region,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join(
        [
            "# For shells: . openrc.sh",
            *lines,
            "printf 'Password of %s: ' \"$OS_USERNAME\"",
            "stty -echo; read -r OS_PASSWORD; stty echo; echo",
            "export OS_PASSWORD",
            "",
        ]
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

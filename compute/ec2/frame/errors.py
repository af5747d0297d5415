"""What EC2 calls what went wrong; clients decide by these codes what to do.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from objectstore.kernel.errors import Rejected, Unavailable

_BY_STATUS = {
    400: "InvalidParameterValue",
    401: "AuthFailure",
    403: "UnauthorizedOperation",
    404: "InvalidParameterValue",
    409: "IncorrectState",
    413: "ResourceLimitExceeded",
    429: "RequestLimitExceeded",
    501: "UnsupportedOperation",
}
# The one error whose status tells more than its code.
_STATUSES = {
    "AuthFailure": 401,
    "UnauthorizedOperation": 403,
    "DryRunOperation": 412,
    "RequestLimitExceeded": 503,
    "Unavailable": 503,
    "InternalError": 500,
}


class Ec2Error(Rejected):
    """A rejection under EC2's name for it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(_STATUSES.get(code, 400), text)
        self.code = code


class Away(Unavailable):
    """A room does not answer; its name may be told, where it is and why may not."""

    def __init__(self, room: str, why: str) -> None:
        super().__init__(f"{room}: {why}")
        self.room = room


def missing(name: str) -> Ec2Error:
    """A parameter that has to be there is not."""
    return Ec2Error(
        "MissingParameter", f"The request must contain the parameter {name}"
    )


def invalid(name: str, value: object, why: str = "") -> Ec2Error:
    """A value that makes no sense."""
    text = f"Value ({value}) for parameter {name} is invalid. {why}".rstrip()
    return Ec2Error("InvalidParameterValue", text)


def unsupported(name: str, why: str = "") -> Ec2Error:
    """A wish that this cloud cannot grant; better said than ignored."""
    text = f"The parameter {name} is not supported here. {why}".rstrip()
    return Ec2Error("UnsupportedOperation", text)


@contextmanager
def coded(
    *, missing: str = "", state: str = "", limit: str = "", duplicate: str = ""
) -> Iterator[None]:
    """Give what the rooms reject within the codes of what is done: for what is not
    there (404), is in a state that forbids it or is taken (409), is too much."""
    try:
        yield
    except Ec2Error:
        raise
    except Rejected as error:
        raise Ec2Error(
            _code(error, missing, state, limit, duplicate), error.text
        ) from (None)


def code_of(error: Rejected) -> str:
    """EC2's code for any rejection."""
    if isinstance(error, Ec2Error):
        return error.code
    return _code(error, "", "", "", "")


def _code(error: Rejected, missing: str, state: str, limit: str, duplicate: str) -> str:
    if _is_quota(error):
        return limit or "ResourceLimitExceeded"
    if error.status == 404 and missing:
        return missing
    if error.status == 409 and (duplicate or state):
        return duplicate or state
    return _BY_STATUS.get(error.status, "InvalidParameterValue")


def _is_quota(error: Rejected) -> bool:
    """Each room has a status of its own for it."""
    return error.status == 413 or (
        error.status in (403, 409) and "quota" in error.text.lower()
    )

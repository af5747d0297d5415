"""What can be wrong with a template, and with a resource."""

from __future__ import annotations

from compute.core.errors import BadRequest, Conflict, NotFound


class Invalid(BadRequest):
    """A template, an environment, a parameter or a property is wrong; the text says
    which and why."""

    kind_default = "StackValidationFailed"


class MissingParameter(Invalid):
    """A parameter has neither a value nor a default."""

    kind_default = "UserParameterMissing"


class NoSuchStack(NotFound):
    """There is none, or it is another project's."""

    kind_default = "EntityNotFound"


class Busy(Conflict):
    """The stack's state forbids the action."""

    kind_default = "ActionInProgress"


class ResourceFailed(Exception):
    """The resource has failed for good.  The text is shown to the user: no secrets."""


def said(error: Exception) -> str:
    """What it says to a user."""
    return getattr(error, "text", "") or str(error)

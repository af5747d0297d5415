"""What a new password must be like.  Pure but for the history's hashes."""

from __future__ import annotations

import re

from compute.core.errors import BadRequest
from compute.identity.passwords import PASSWORD_CHARACTERS_MAX
from compute.identity.settings import IdentitySettings


def check_new_password(password: str, settings: IdentitySettings) -> None:
    """Raise ``BadRequest`` that says what is wrong with it."""
    if not password:
        raise BadRequest("The password must not be empty")
    if len(password) > PASSWORD_CHARACTERS_MAX:
        raise BadRequest(
            f"The password is longer than {PASSWORD_CHARACTERS_MAX} characters"
        )
    pattern = settings.password_regex
    if pattern and re.fullmatch(pattern, password) is None:
        raise BadRequest(
            "The password does not match the requirements: "
            f"{settings.password_regex_description or pattern}."
        )

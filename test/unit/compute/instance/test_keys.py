"""Public keys that people bring."""

from __future__ import annotations

import pytest

from compute.core.errors import BadRequest
from compute.instance.service.keys import make_ssh, read_ssh


@pytest.mark.parametrize("text", ["", "garbage", "ssh-ed25519"])
def test_who_brings_something_else_hears_what_a_key_is(text: str) -> None:
    with pytest.raises(BadRequest, match="one line, as in a file"):
        read_ssh(text)


def test_a_key_may_have_a_comment_or_none() -> None:
    public = make_ssh().public
    kind, middle, *_ = public.split()
    assert read_ssh(f"{kind} {middle}").fingerprint == read_ssh(public).fingerprint
    assert read_ssh(f"{kind} {middle} ann of here\n").fingerprint

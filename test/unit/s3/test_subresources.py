"""Verbs are told from each other by names in the query."""

from __future__ import annotations

import botocore.session
import pytest

from objectstore.s3.errors import S3Error
from objectstore.s3.subresources import (
    SUBRESOURCES,
    refuse_unheard_of,
)

# Names that only stand beside another.
BESIDE = {"prefix", "select-type"}


def test_every_verb_of_the_sdk_is_heard_of() -> None:
    """One that is not would be taken for a read or a write of the object."""
    model = botocore.session.get_session().get_service_model("s3")
    for name in model.operation_names:
        uri = model.operation_model(name).http["requestUri"]
        _, _, query = uri.partition("?")
        names = {part.partition("=")[0] for part in query.split("&") if part}
        assert names - BESIDE <= SUBRESOURCES | {"x-id"}, name


@pytest.mark.parametrize("name", ["tomorrow", "Acl", "x-other"])
def test_a_name_without_a_value_is_perhaps_a_verb(name: str) -> None:
    refuse_unheard_of({name: "value"})
    with pytest.raises(S3Error):
        refuse_unheard_of({"versionId": "1", name: ""})


@pytest.mark.parametrize("name", ["versionId", "X-Amz-Meta-Empty", "x-amz-tagging"])
def test_what_may_be_empty(name: str) -> None:
    refuse_unheard_of({name: ""})

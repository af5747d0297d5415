"""Bodies are checked in no more time than it takes to read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from compute.core.api.schema import FAULTS_MAX, Schema
from compute.core.errors import BadRequest
from compute.image.metadefs.schemas import NEW
from compute.instance.schemas.types import USER_DATA


def test_a_text_that_is_too_long_is_not_looked_at() -> None:
    schema = Schema({"type": "string", "pattern": "^b*$", "maxLength": 3})
    fault = schema.fault("aaaa")
    assert fault is not None and fault.rule == "maxLength"
    fault = schema.fault("aaa")
    assert fault is not None and fault.rule == "pattern"
    schema.check("bbb")


@pytest.mark.parametrize("end", ["/", "\n"])
def test_a_definition_with_a_very_long_name(end: str) -> None:
    with pytest.raises(BadRequest):
        NEW["tag"].check({"name": "a" * 500_000 + end})


def test_user_data_of_line_ends() -> None:
    schema = Schema(USER_DATA)
    with pytest.raises(BadRequest):
        schema.check("\n" * 65_000 + "!")
    for text in ("", "\n", "aGk=", "aGk=\n", "aGk\r\na\n==\r\n\n"):
        schema.check(text)


def test_what_a_list_has_twice() -> None:
    schema = Schema({"type": "array", "uniqueItems": True})
    schema.check([1, "1", True, [1], {"a": 1, "b": 2}, None])
    schema.check([{"number": number} for number in range(50_000)])
    for one, same in (("a", "a"), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([1], [1])):
        fault = schema.fault([one, same])
        assert fault is not None and fault.rule == "uniqueItems"


class Counted(list[object]):
    """A list that knows how many of its items were looked at."""

    looks = 0

    def __getitem__(self, index: Any) -> Any:
        self.looks += 1
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[object]:
        for item in super().__iter__():
            self.looks += 1
            yield item


ANY = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}}


@pytest.mark.parametrize(
    "schema",
    [
        ANY,
        {"anyOf": [ANY, {"type": "null"}]},
        {**ANY, "maxItems": 3},
    ],
)
def test_of_many_wrong_items_few_are_told_apart(
    schema: Mapping[str, Any],
) -> None:
    wrong = Counted([1] * 1000)
    fault = Schema(schema).fault(wrong)
    assert fault is not None and wrong.looks <= FAULTS_MAX


def test_of_many_wrong_keys_few_are_told_apart() -> None:
    number = {"type": "number"}
    wrong = {str(key): Counted([1] * 20) for key in range(1000)}
    items = {"type": "array", "items": {"type": "string"}}
    fault = Schema({"additionalProperties": items}).fault(wrong)
    assert fault is not None
    assert sum(each.looks for each in wrong.values()) <= FAULTS_MAX**2
    Schema({"additionalProperties": number}).check({str(it): it for it in range(99)})


def test_what_is_wrong_is_told_in_few_words() -> None:
    schema = Schema({"additionalProperties": {"type": "number"}})
    with pytest.raises(BadRequest) as caught:
        schema.check({"a" * 500_000: "b" * 500_000})
    assert len(caught.value.text) < 1000

"""EC2's protocol: parameters, documents, ids, tags."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as some
from lxml import etree

from compute.ec2 import ids
from compute.ec2.frame import xml
from compute.ec2.frame.errors import Ec2Error, code_of
from compute.ec2.frame.filters import Filter, asked_filters
from compute.ec2.frame.parameters import PARAMETERS_MAX, Parameters, parse_form
from compute.ec2.room import all_actions
from compute.ec2.tagging import HOLDERS, asked_tags, tags_of
from objectstore.kernel.errors import Rejected

MODEL = botocore.session.get_session().get_service_model("ec2")


def of(**form: str) -> Parameters:
    return Parameters.of({name.replace("__", "."): form[name] for name in form})


# ---- what there is, beside the published model ---------------------------------------


# STS's, for which see the functional tests.
@pytest.mark.parametrize("name", sorted(all_actions().keys() - {"GetCallerIdentity"}))
def test_actions_and_parameters_are_called_what_ec2_calls_them(name: str) -> None:
    shape = MODEL.operation_model(name).input_shape
    known = {_query_name(*member) for member in shape.members.items()}
    # Of old, and still sent by tools that do not use the model.
    known |= {"Value", "Attribute"}
    assert not all_actions()[name].parameters - known


def _query_name(name: str, shape: Any) -> str:
    given = shape.serialization
    if "queryName" in given:
        return str(given["queryName"])
    found = str(given.get("name", name))
    return found[0].upper() + found[1:]


# ---- parameters ----------------------------------------------------------------------


def test_a_form_is_the_structure_that_it_spells() -> None:
    form = parse_form(
        "Ebs.Size=8&InstanceId.2=b&InstanceId.10=c&InstanceId.1=a"
        "&Filter.1.Name=n&Filter.1.Value.1=v&Empty="
    )
    parameters = Parameters.of(form)
    assert parameters.structure("Ebs").integer("Size") == 8
    assert parameters.texts("InstanceId") == ["a", "b", "c"]
    assert Parameters.of({"KeyName": "k"}).texts("KeyName") == ["k"]
    assert parameters.texts("Empty") == []
    assert asked_filters(parameters) == [Filter("n", ["v"])]
    assert parameters.text("Empty", "other") == "" and not parameters.flag("Empty")
    assert not parameters.has("None") and parameters.structures("None") == []


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ({"A": "x"}, lambda p: p.integer("A")),
        ({"A": "1_0"}, lambda p: p.integer("A")),
        ({"A": "9" * 10}, lambda p: p.integer("A")),
        ({"A": "9" * 5000}, lambda p: p.integer("A")),
        ({"A": "yes"}, lambda p: p.flag("A")),
        ({"A": "x"}, lambda p: p.structure("A")),
        ({"A.B": "x"}, lambda p: p.text("A")),
        ({"A.x": "y"}, lambda p: p.texts("A")),
        ({"A.1.B": "y"}, lambda p: p.texts("A")),
        ({"A.1": "y"}, lambda p: p.structures("A")),
        ({"A.1.B": "y", "A.01.B": "z"}, lambda p: p.structures("A")),
        ({"A." + "9" * 5000: "y"}, lambda p: p.texts("A")),
        ({"A": "???"}, lambda p: p.base64_text("A")),
        ({}, lambda p: p.required("A")),
    ],
)
def test_values_of_the_wrong_kind(form: dict[str, str], read: Any) -> None:
    with pytest.raises(Ec2Error):
        read(Parameters.of(form))


@pytest.mark.parametrize(
    "form",
    [{"A": "1", "A.B": "2"}, {"A.B": "2", "A": "1"}, {"A..B": "1"}, {"A." * 9: "1"}],
)
def test_names_that_make_no_structure(form: dict[str, str]) -> None:
    with pytest.raises(Ec2Error):
        Parameters.of(form)


def test_a_form_is_bounded() -> None:
    with pytest.raises(Ec2Error, match="fields"):
        parse_form("&".join(f"A.{number}=1" for number in range(PARAMETERS_MAX + 1)))


@given(some.dictionaries(some.from_regex(r"[A-Za-z]{1,5}(\.[0-9a-z]{1,3}){0,3}\Z"),
                         some.text(max_size=9), max_size=9))  # fmt: skip
def test_any_form_is_read_or_refused(form: dict[str, str]) -> None:
    text = urlencode(form)
    try:
        parameters = Parameters.of(parse_form(text))
    except Ec2Error:
        return
    for name in parameters.names():
        for read in (parameters.text, parameters.texts, parameters.structures):
            try:
                read(name)
            except Ec2Error:
                continue


# ---- documents -----------------------------------------------------------------------


@given(some.text())
def test_any_text_makes_a_document_that_can_be_read(text: str) -> None:
    document = xml.reply_document("X", "id", {"value": text, "set": [{"a": text}]})
    root = etree.fromstring(document)
    found = root.findtext(f"{{{xml.NAMESPACE}}}value")
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", text)
    assert (found or "") == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_a_document() -> None:
    content = {"flag": True, "none": None, "list": [1, "<&>"], "inner": {"a": ""}}
    text = xml.reply_document("Do", "7", content).decode()
    assert text.partition("\n")[2] == (
        f'<DoResponse xmlns="{xml.NAMESPACE}"><requestId>7</requestId>'
        "<flag>true</flag><list><item>1</item><item>&lt;&amp;&gt;</item></list>"
        "<inner><a></a></inner></DoResponse>"
    )


@pytest.mark.parametrize(
    "text",
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000", "2026-01-02T04:04:05+01:00"],
)
def test_moments(text: str) -> None:
    assert xml.moment(text) == "2026-01-02T03:04:05.000Z"
    assert xml.moment(None) is None


# ---- ids and tags --------------------------------------------------------------------


def test_ids_are_looked_for_once() -> None:
    known, asked = ids.KnownIds(), []
    uuid = "0fa12b3c-4d5e-4f70-8a1b-2c3d4e5f6071"

    def visible() -> list[str]:
        asked.append(1)
        return [uuid]

    identifier = ids.ec2_id(ids.VOLUME, uuid)
    assert identifier == "vol-0fa12b3c4d5e4f708"
    assert known.uuid("p", ids.VOLUME, identifier, visible) == uuid
    assert known.uuid("p", ids.VOLUME, identifier, visible) == uuid
    assert len(asked) == 1
    with pytest.raises(Ec2Error) as caught:
        known.uuid("p", ids.VOLUME, "vol-00000000", visible)
    assert caught.value.code == "InvalidVolume.NotFound"
    for other in ("snap-0fa12b3c4d5e4f708", "vol-", "vol-xyz", "vol"):
        with pytest.raises(Ec2Error) as caught:
            known.uuid("p", ids.VOLUME, other, visible)
        assert caught.value.code == "InvalidVolume.Malformed"


def test_what_another_project_calls_the_same_is_not_meant() -> None:
    known = ids.KnownIds()
    ours, theirs = "1" * 17 + "a" * 15, "1" * 17 + "b" * 15
    identifier = known.note("ours", ids.IMAGE, ours)
    assert known.note("theirs", ids.IMAGE, theirs) == identifier
    assert known.uuid("ours", ids.IMAGE, identifier, lambda: []) == ours
    with pytest.raises(Ec2Error):
        known.uuid("other", ids.IMAGE, identifier, lambda: [])


def test_ids_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "REMEMBERED_MAX", 2)
    known = ids.KnownIds()
    first = known.note("p", ids.VOLUME, "1" * 32)
    for digit in "23":
        known.note("p", ids.VOLUME, digit * 32)
    with pytest.raises(Ec2Error):
        known.uuid("p", ids.VOLUME, first, lambda: [])


def test_tags_of_things() -> None:
    server = {"name": "web", "metadata": {"a": "b", "ec2:reservation": "r-1"}}
    assert tags_of(HOLDERS[ids.INSTANCE], server) == {"Name": "web", "a": "b"}
    group = {"name": "g", "tags": ["a=b=c", "plain", "empty="]}
    assert tags_of(HOLDERS[ids.GROUP], group) == {"a": "b=c", "empty": ""}


@pytest.mark.parametrize(
    "form",
    [
        {"Tag__1__Key": "aws:x"},
        {"Tag__1__Key": "ec2:x"},
        {"Tag__1__Key": "a=b"},
        {"Tag__1__Key": "k" * 129},
        {"Tag__1__Key": "k", "Tag__1__Value": "v" * 257},
        {"Tag__1__Key": "k", "Tag__2__Key": "k"},
        {"Tag__1__Value": "v"},
        {f"Tag__{number}__Key": str(number) for number in range(51)},
    ],
)
def test_tags_that_cannot_be(form: dict[str, str]) -> None:
    with pytest.raises(Ec2Error):
        asked_tags(of(**form))


# ---- errors --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Rejected(404, "no"), "InvalidParameterValue"),
        (Rejected(403, "no"), "UnauthorizedOperation"),
        (Rejected(403, "Quota exceeded for cores"), "ResourceLimitExceeded"),
        (Rejected(413, "much"), "ResourceLimitExceeded"),
        (Rejected(409, "state"), "IncorrectState"),
        (Rejected(501, "no"), "UnsupportedOperation"),
        (Ec2Error("Own", "x"), "Own"),
    ],
)
def test_codes(error: Rejected, code: str) -> None:
    assert code_of(error) == code

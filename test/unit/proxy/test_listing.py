"""Rendering listings, choosing their form, reading their parameters."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from objectstore.kernel.errors import Rejected
from objectstore.kernel.timestamps import TIMESTAMP_MAX
from objectstore.proxy.protocol.accept import best_match
from objectstore.proxy.protocol.listing import form_of, render_xml
from objectstore.wire.listing_forms import Entries, described, shown
from objectstore.wire.records import ContainerRow, ObjectRow, Subdirectory
from test.unit.proxy import listing_reference

texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
# Without parameters, which are shown as fields of their own.
bare = texts.filter(lambda text: ";" not in text)
rows = st.builds(
    ObjectRow,
    name=texts,
    timestamp=st.integers(1, 10**14),
    deleted=st.just(0),
    size=st.integers(0, 2**40),
    content_type=bare,
    content_type_timestamp=st.just(1),
    etag=bare,
    modified=st.integers(1, 10**14),
)
parameters = st.builds(
    "{}; {}={}".format, bare, st.sampled_from(["slo_etag", "symlink_bytes"]), bare
)
full_rows = st.builds(
    ObjectRow,
    name=texts,
    timestamp=st.integers(0, TIMESTAMP_MAX),
    deleted=st.just(0),
    size=st.integers(0, 2**63 - 1),
    content_type=st.one_of(texts, st.builds("{};swift_bytes={}".format, texts, texts)),
    content_type_timestamp=st.just(1),
    etag=st.one_of(texts, parameters, st.just("")),
    modified=st.integers(0, TIMESTAMP_MAX),
)
account_rows = st.builds(
    ContainerRow,
    name=texts,
    timestamp=st.integers(0, TIMESTAMP_MAX),
    deleted_timestamp=st.just(0),
    object_count=st.integers(0, 2**63 - 1),
    bytes_used=st.integers(0, 2**63 - 1),
    counted_timestamp=st.just(1),
)
directories = st.builds(Subdirectory, texts)
entries_of = st.lists(st.one_of(rows, st.builds(Subdirectory, texts)), max_size=5)


def render(
    entries: Entries, content_type: str, *, kind: str, name: str
) -> tuple[bytes, str]:
    """As the proxy does it with merged entries."""
    form = form_of(content_type)
    shown_type = f"{content_type}; charset=utf-8"
    fields = [described(entry) for entry in entries]
    for each in fields:
        if "count" in each:
            each["storage_policy"] = listing_reference.POLICY
    if form is None:
        return render_xml(fields, kind, name), shown_type
    if form == "json" and kind == "account":
        return orjson.dumps(fields), shown_type
    return shown(entries, form), shown_type


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/xml"])
@given(
    objects=st.lists(st.one_of(full_rows, directories), max_size=5),
    containers=st.lists(st.one_of(account_rows, directories), max_size=5),
    name=texts,
)
def test_every_byte_is_as_the_reference_has_it(
    content_type: str,
    objects: list[ObjectRow | Subdirectory],
    containers: list[ContainerRow | Subdirectory],
    name: str,
) -> None:
    for kind, entries in (("container", objects), ("account", containers)):
        wanted = listing_reference.render(entries, content_type, kind=kind, name=name)
        assert render(entries, content_type, kind=kind, name=name) == wanted


@given(entries_of)
def test_json_says_it_all(entries: list[ObjectRow | Subdirectory]) -> None:
    body, shown = render(entries, "application/json", kind="container", name="c")
    assert shown == "application/json; charset=utf-8"
    for entry, found in zip(entries, orjson.loads(body), strict=True):
        if isinstance(entry, Subdirectory):
            assert found == {"subdir": entry.name}
        else:
            assert (found["name"], found["bytes"]) == (entry.name, entry.size)
            assert (found["hash"], found["content_type"]) == (
                entry.etag,
                entry.content_type,
            )


@given(entries_of, texts)
def test_xml_is_always_well_formed(
    entries: list[ObjectRow | Subdirectory], name: str
) -> None:
    body, _ = render(entries, "application/xml", kind="container", name=name)
    root = etree.fromstring(body)
    assert len(root) == len(entries)
    assert root.tag == "container"
    for entry, node in zip(entries, root, strict=True):
        if entry.name.isprintable():
            assert node.findtext("name") == entry.name


@given(entries_of)
def test_text_is_a_line_a_name(entries: list[ObjectRow | Subdirectory]) -> None:
    body, shown = render(entries, "text/plain", kind="container", name="c")
    assert shown == "text/plain; charset=utf-8"
    assert body.decode() == "".join(entry.name + "\n" for entry in entries)


def test_accounts() -> None:
    row = ContainerRow("box", 139_207_214_812_345, 0, 3, 40, 1)
    body, _ = render([row], "application/json", kind="account", name="a")
    assert orjson.loads(body) == [
        {
            "name": "box",
            "count": 3,
            "bytes": 40,
            "last_modified": "2014-02-10T22:42:28.123450",
            "storage_policy": listing_reference.POLICY,
        }
    ]


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("*/*", "text/plain"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/*;q=0.5, application/xml", "application/xml"),
        ("text/xml", "text/xml"),
        ("*/*;q=0.1, application/json;q=0", "text/plain"),
        ("text/plain;q=0, */*", "application/json"),
        ("image/png", None),
        ("application/json;q=0", None),
        ("TEXT/PLAIN", "text/plain"),
    ],
)
def test_accept(header: str, best: str | None) -> None:
    assert best_match(header) == best


def test_bad_accept() -> None:
    with pytest.raises(Rejected):
        best_match("text/plain;q=much")


def test_parameters_of_links_and_manifests_are_fields() -> None:
    etag = (
        "abc; slo_etag=def; symlink_path=/v1/a/c/o%3Bx?version-id=1.00000; "
        "symlink_bytes=7; version_symlink=true"
    )
    row = ObjectRow("o", 1, 0, 2, "a/b;x=1;swift_bytes=12", 1, etag, 1)
    body, _ = render([row], "application/json", kind="container", name="c")
    (found,) = orjson.loads(body)
    assert found == {
        "name": "o",
        "bytes": 12,
        "hash": "abc",
        "content_type": "a/b;x=1",
        "last_modified": found["last_modified"],
        "slo_etag": '"def"',
        "symlink_path": "/v1/a/c/o%3Bx?version-id=1.00000",
        "symlink_bytes": 7,
        "version_symlink": True,
    }

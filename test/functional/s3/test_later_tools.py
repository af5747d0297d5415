"""Clients of the newer kind: s5cmd, and object_store of Rust, which DuckDB's rivals,
Polars, Delta Lake and LanceDB speak S3 with."""

from __future__ import annotations

import datetime
import filecmp
import random
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from test.functional.harness.store import Store
from test.functional.harness.tools import run
from test.functional.harness.users import TESTER

S5CMD = Path(sys.executable).parent / "s5cmd"
PART_BYTES = 5 * 2**20
NAMES = ["a b/c+d.txt", "ü/é日本.txt", "per%41cent", "q?a=b#c", "(p)[b]~", "empty"]
S5 = Callable[..., list[str]]


@pytest.fixture
def s5(s3_store: Store) -> S5:
    """``s5("ls", ...)``: what s5cmd writes, line by line."""
    environment = {
        "AWS_ACCESS_KEY_ID": TESTER.login,
        "AWS_SECRET_ACCESS_KEY": TESTER.key,
        "AWS_REGION": "us-east-1",
        "S3_ENDPOINT_URL": s3_store.endpoint(),
        # It cannot have a certificate bundle of the environment's here.
        "AWS_CA_BUNDLE": "",
    }

    def asked(*words: str) -> list[str]:
        return run([str(S5CMD), *words], environment=environment).lines

    return asked


@pytest.fixture
def objects(s3_store: Store, bucket: str) -> S3Store:
    return S3Store(
        bucket,
        endpoint=s3_store.endpoint(),
        access_key_id=TESTER.login,
        secret_access_key=TESTER.key,
        region="us-east-1",
        client_options={"allow_http": True},
    )


def test_s5cmd_sees_what_it_has_just_written(
    s5: S5, bucket: str, tmp_path: Path
) -> None:
    """It leaves out of a listing what is newer than its own beginning."""
    tree = tmp_path / "tree"
    for name, data in {
        "sp ace/x+y%41 &?.txt": b"1",
        "ü/empty": b"",
        "large": bytes(range(256)) * 44_000,
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    s5("cp", "-p", "5", f"{tree}/", f"s3://{bucket}/p/")
    assert len(s5("ls", f"s3://{bucket}/*")) == 3
    back = tmp_path / "back"
    s5("sync", f"s3://{bucket}/p/*", f"{back}/")
    for name in ("sp ace/x+y%41 &?.txt", "ü/empty", "large"):
        assert filecmp.cmp(tree / name, back / name, shallow=False), name
    s5("cp", f"s3://{bucket}/p/*", f"s3://{bucket}/q/")
    s5("mv", f"s3://{bucket}/q/*", f"s3://{bucket}/r/")
    assert len(s5("ls", f"s3://{bucket}/*")) == 6
    (tree / "large").unlink()
    s5("sync", "--delete", f"{tree}/", f"s3://{bucket}/r/")
    assert len(s5("ls", f"s3://{bucket}/r/*")) == 2
    s5("rm", f"s3://{bucket}/*")
    s5("rb", f"s3://{bucket}")


def test_names_of_any_kind(objects: S3Store) -> None:
    for name in NAMES:
        data = b"" if name == "empty" else name.encode()
        obstore.put(objects, name, data)
        assert bytes(obstore.get(objects, name).bytes()) == data, name
        url = obstore.sign(objects, "GET", name, datetime.timedelta(seconds=60))
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.read() == data, name
    found = {entry["path"] for entry in obstore.list(objects).collect()}
    assert found == set(NAMES)
    assert obstore.list_with_delimiter(objects)["common_prefixes"] == ["a b", "ü"]
    obstore.rename(objects, "ü/é日本.txt", "renamed +")
    assert obstore.head(objects, "renamed +")["size"] == len("ü/é日本.txt".encode())
    obstore.delete(objects, sorted(found - {"ü/é日本.txt"} | {"renamed +"}))
    assert obstore.list(objects).collect() == []


def test_parts_ranges_and_conditions(objects: S3Store) -> None:
    data = random.Random(5).randbytes(2 * PART_BYTES + 1234)
    put = obstore.put(objects, "k", data, chunk_size=PART_BYTES + 17)
    assert bytes(obstore.get(objects, "k").bytes()) == data
    starts, ends = [1, PART_BYTES], [10, PART_BYTES + 100]
    ranges = obstore.get_ranges(objects, "k", starts=starts, ends=ends)
    assert [bytes(each) for each in ranges] == [
        data[start:end] for start, end in zip(starts, ends, strict=True)
    ]
    with pytest.raises(obstore.exceptions.AlreadyExistsError):
        obstore.put(objects, "k", b"", mode="create")
    assert put["e_tag"] is not None
    held = {"e_tag": put["e_tag"]}
    obstore.put(objects, "k", b"new", mode=held)
    with pytest.raises(obstore.exceptions.PreconditionError):
        obstore.put(objects, "k", b"late", mode=held)
    assert bytes(obstore.get(objects, "k").bytes()) == b"new"

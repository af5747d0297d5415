"""A byte flipped on disk: good bytes before it, then an error, never the bad ones."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from objectstore.kernel.errors import Corrupt, Unavailable
from test.contract.nodes import implementations
from test.contract.nodes.samples import KEY, data, kept
from test.contract.nodes.test_object_uploads import content, send

SIZE = 8 * 1024 * 1024
PLACES = [0, SIZE // 2, SIZE - 1]


def body_file(directory: Path) -> Path:
    """The one file that holds the body."""
    (found,) = [
        path
        for path in directory.rglob("*")
        if path.is_file() and path.stat().st_size >= SIZE
    ]
    return found


@pytest.mark.parametrize("name", ["local", "remote-local"])
@pytest.mark.parametrize("place", PLACES)
def test_a_flipped_byte(tmp_path: Path, name: str, place: int) -> None:
    body = content(SIZE)
    with ExitStack() as stack:
        node = implementations.OBJECT[name](tmp_path, stack)
        upload = kept(node.begin(KEY, SIZE))
        send(upload, body)
        kept(upload.commit(data(5, body)))
        with body_file(tmp_path).open("r+b") as file:
            before = file.read().index(body[:4096])
            file.seek(before + place)
            byte = file.read(1)[0]
            file.seek(before + place)
            file.write(bytes([byte ^ 1]))
        got = b""
        with pytest.raises((Corrupt, Unavailable)):
            for piece in kept(node.read(KEY, 5, 0, SIZE)):
                got += piece
        assert body.startswith(got)
        assert len(got) <= place

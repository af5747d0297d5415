"""A database that cannot be had when a process starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from objectstore.kernel.errors import Unavailable

TLS = "sslmode=verify-full&sslrootcert=/nowhere/authority.pem"


def test_what_hinders_is_told_in_one_line(tmp_path: Path) -> None:
    database = Database(f"postgresql+psycopg2://ann:secret@/x?host={tmp_path}&{TLS}")
    with pytest.raises(Unavailable, match="the database does not answer: ") as told:
        upgrade(database, ["image"])
    assert str(tmp_path) in str(told.value)
    assert "\n" not in str(told.value) and "secret" not in str(told.value)
    database.close()

"""Rows some of whose columns are sealed; whoever asks gets them as they were given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa

from compute.core.keys.sealing import SealedColumns, Vault
from compute.core.sql.rows import Rows

R = TypeVar("R")


class SealedRows(Rows[R]):
    """``names``: the columns to seal."""

    def __init__(
        self,
        kind: type[R],
        table: sa.Table,
        names: Collection[str],
        vault: Vault,
        key: str = "id",
    ) -> None:
        super().__init__(kind, table, key)
        self.sealed = SealedColumns(table, names, vault, key)

    def opened(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """See ``Rows``."""
        return self.sealed.opened(values)

    def closed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """See ``Rows``."""
        return self.sealed.closed(values)

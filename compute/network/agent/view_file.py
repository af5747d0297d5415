"""The last view on disk: an agent that starts while the control plane is away still
keeps its host as it was last told."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from compute.network.view import HostView
from compute.network.view_wire import decode_view, encode_view
from objectstore.kernel.errors import Corrupt

NAME = "view.json"

logger = logging.getLogger("compute.network.agent")


class ViewFile:
    """One file in the agent's state directory.  Calls block."""

    def __init__(self, state_directory: Path) -> None:
        self._directory = state_directory

    def load(self, host: str) -> HostView | None:
        """The last view; None when there is none that is of use."""
        try:
            view = decode_view((self._directory / NAME).read_bytes())
        except FileNotFoundError:
            return None
        except Corrupt as error:
            logger.warning("the last view is of no use: %s", error)
            return None
        return view if view.host == host else None

    def save(self, view: HostView) -> None:
        """Put the view in the place of the last, whole or not at all."""
        self._directory.mkdir(parents=True, exist_ok=True)
        new = self._directory / f"{NAME}.new"
        with open(new, "wb") as handle:
            # Addresses and rules of all tenants: for the agent's eyes only.
            os.fchmod(handle.fileno(), 0o600)
            handle.write(encode_view(view))
            handle.flush()
            os.fsync(handle.fileno())
        new.rename(self._directory / NAME)

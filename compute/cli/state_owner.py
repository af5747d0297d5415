"""Acting as the user that the cloud runs as.

What root writes below the cloud's state its processes could not read, and they would
end at their next start; and root would follow links that one of those put there.
"""

from __future__ import annotations

import os
from pathlib import Path

from objectstore.cli.mistakes import CannotSay


def become_owner(state: Path) -> None:
    """If we are root, and the state is somebody else's, become that one, for good."""
    try:
        found = state.stat()
    except OSError as error:
        text = f"{state}: {error.strerror}: does the cloud keep its state elsewhere?"
        raise CannotSay(text) from None
    if os.geteuid() != 0 or found.st_uid == 0:
        return
    os.setgroups([found.st_gid])
    os.setgid(found.st_gid)
    os.setuid(found.st_uid)

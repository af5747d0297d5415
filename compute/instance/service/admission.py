"""What lets the agent of one host in at another's door, for one move of one server."""

from __future__ import annotations

import hashlib
from typing import Any

from compute.core.sql.database import Connection
from compute.instance.parts import Parts


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def admission(
    parts: Parts, connection: Connection, migration: str, peer: str
) -> dict[str, Any]:
    """A new token of the migration (an older one opens nothing any more), with the host
    to visit and where its door is: arguments of a job, the token taken out at its
    end."""
    token = parts.identifiers.hexadecimal()
    now = parts.clock.time()
    stores = parts.stores
    stores.migrations.set(connection, migration, now, token_digest=digest_of(token))
    host = stores.hosts.get(connection, peer)
    url = "" if host is None else str(host.inventory.get("agent_url", ""))
    return {"move_token": token, "url": url, "peer": peer}

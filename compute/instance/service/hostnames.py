"""The name that a guest calls itself: of DNS's letters, from its server's name."""

from __future__ import annotations

import re


def hostname_of(name: str, server_id: str = "") -> str:
    """A name that DNS allows, from a server's name; its id's when nothing is left."""
    text = re.sub(r"[^a-z0-9\-_]", "", name.lower().replace(" ", "-").replace(".", "-"))
    text = text.replace("_", "-").strip("-.")[:63].rstrip("-")
    return text or (f"server-{server_id}" if server_id else "server")

"""How the instance room tells other rooms which of a server's ports were brought: they
stay when it goes, while those that were made for it go with it.

Nova tells nobody, and clients take no keys that they do not know: the key is there for
whoever says the header.
"""

from __future__ import annotations

HEADER = "X-Ringstack-Brought-Ports"
KEY = "ringstack:brought_ports"

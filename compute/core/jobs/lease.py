"""How long a job stays with a worker of whom nothing is heard."""

from __future__ import annotations

# Long enough for a busy worker to renew in time, short enough for users to wait.
LEASE_SECONDS = 30.0

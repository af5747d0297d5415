"""How long a job is one worker's without a word of him."""

from __future__ import annotations

# Long enough for a busy worker to renew in time, short enough for users to wait.
LEASE_SECONDS = 30.0

"""For every test: hypothesis draws the same examples each time.

A run that fails must fail again.  To look for new examples instead:
``HYPOTHESIS_PROFILE=search tox -e unit``.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

"""From agent to agent: the files of a guest that moves, and the way for one that runs.

One agent opens its door (``door.py``) to whoever has the token of a migration; the
other one calls there (``visit.py``).
"""

"""``compute doctor``: what nobody owns, wherever the cloud keeps things.

Each check is one file: it lists findings, and a finding knows how to be put right.
The running cloud puts most of it right by itself; the doctor is for what was left by
crashes, and for showing that there is nothing.
"""

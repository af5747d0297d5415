"""The `ring-builder` command: `ring-builder FILE VERB ...`.

`entry` maps arguments to verbs and errors to exit codes; the verbs are in `settings`,
`devices`, `assignment` and `reports`; each returns a `Result` and prints nothing.
"""

from ring.cli.entry import main

__all__ = ["main"]

"""Which devices hold this name? The ring answers, and `ring-builder` draws it.

`hashing` turns a name into a key, `ring` turns a key into devices, `file` reads and
writes rings. Behind the command, `builder` keeps what the operator wants, `plan` says
how much each failure domain should hold, `rebalance` moves as little as possible to get
there, `balance` measures the result, `promises` checks it. Needs nothing but the
standard library.
"""

"""How replicas of one partition come to hold the same: rounds, healing, progress.

The same for objects, containers and accounts; each room brings an ``Exchange``
that knows how to level one key between two nodes.
"""

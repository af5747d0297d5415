"""Where a server goes: pure rules over a snapshot of the hosts.

``Request`` and ``HostState`` are what the rules see; ``choose`` gives the hosts that
will do, the best first, or says which filter refused how many.
"""

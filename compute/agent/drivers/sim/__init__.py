"""A hypervisor in memory: simulated hosts, a thousand in one process.

It keeps the whole contract of the port (the conformance suite runs over it) and costs
a few hundred bytes for each guest.
"""

"""What is done on a host for each kind of job, each step beside its undo.

Every step holds what its calls promise when it is run again: the hypervisor's, the
disks' and the ports' calls are all idempotent, so a killed agent goes on at the
last step that was recorded.
"""

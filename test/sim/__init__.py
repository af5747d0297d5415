"""The store simulated: several machines, their disks and wires, from one seed."""

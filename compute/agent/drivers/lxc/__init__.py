"""Guests as system containers, by libvirt's LXC driver.

``driver`` keeps the port's contract, with what is the same under QEMU from
``drivers/libvirt``; ``container_xml`` says what a container is (pure); ``roots`` turns
a guest's root disk into a tree of files and takes it down again; ``consoles`` carries
the console to a log and a socket; ``links`` puts a container's cards where the network
agent expects them.
"""

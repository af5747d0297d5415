"""Guests by libvirt and QEMU.

``driver`` keeps the port's contract; ``domain_xml`` says what a guest is (pure);
``connection`` calls libvirt on native threads; ``events`` brings its events to the hub;
``private_daemon`` runs a libvirtd of the agent's own.
"""

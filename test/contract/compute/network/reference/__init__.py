"""What Neutron's API reference says, in tables of our own making."""

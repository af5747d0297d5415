"""Resource types of the network room: ``OS::Neutron::*``."""

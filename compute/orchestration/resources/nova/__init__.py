"""Resource types of the compute room: ``OS::Nova::*``."""

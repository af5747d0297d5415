"""Resource types of the alarm room: ``OS::Aodh::*``."""

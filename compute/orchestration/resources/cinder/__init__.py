"""Resource types of the volume room: ``OS::Cinder::*``."""

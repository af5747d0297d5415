"""Resource types of the key manager: ``OS::Barbican::*``."""

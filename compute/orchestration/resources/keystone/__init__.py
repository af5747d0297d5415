"""Resource types of the identity room: ``OS::Keystone::*``."""

"""Resource types of the object store: ``OS::Swift::*``."""

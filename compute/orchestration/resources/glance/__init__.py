"""Resource types of the image room: ``OS::Glance::*``."""

"""Resource types of the load balancer room: ``OS::Octavia::*``."""

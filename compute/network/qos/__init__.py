"""Quality of service: how fast ports and floating IPs may be, and their marks."""

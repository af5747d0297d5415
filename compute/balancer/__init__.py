"""The load balancer room: Octavia's API v2, and haproxy on hosts behind it."""

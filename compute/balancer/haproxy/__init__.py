"""What haproxy is told of a load balancer, and what it tells back: pure text."""

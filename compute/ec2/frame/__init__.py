"""EC2's Query protocol, apart from what is asked for in it."""

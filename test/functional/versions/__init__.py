"""Object versions over sockets."""

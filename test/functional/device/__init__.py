"""A device store in processes of its own: killed, full, looked at from outside."""

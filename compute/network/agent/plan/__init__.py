"""From what should be and what is to operations in order.  Pure."""

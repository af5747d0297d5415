"""What crosses from proxy to node: records, the node interface, its HTTP form."""

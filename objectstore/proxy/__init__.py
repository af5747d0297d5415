"""The proxy: Swift v1 in front, quorums of nodes behind."""

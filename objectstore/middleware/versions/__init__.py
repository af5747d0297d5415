"""How object versions are kept: names, links, writes, reads, listings."""

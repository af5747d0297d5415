"""Two clusters that keep a container the same."""

"""The container server: which objects a container has."""

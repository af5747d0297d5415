"""The command lines of the object store."""

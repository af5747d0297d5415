"""One device's objects of one policy: log, index and bodies as one store."""

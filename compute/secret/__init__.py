"""The key manager: secrets, sealed, for those who may read them.  Barbican v1."""

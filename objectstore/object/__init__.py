"""The object server: the device store and its background loops."""

"""The loops that keep a device in order: compact, repair, audit, expire, pay rows."""

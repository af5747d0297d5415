"""Event notifications: what happened to objects, told to webhooks and brokers."""

"""Large objects through real clients."""

"""The hypervisors that the agent can drive, one to a module or folder."""

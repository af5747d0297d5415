"""The metadata service: who asks, what is answered, and where it listens."""

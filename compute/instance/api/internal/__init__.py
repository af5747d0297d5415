"""The internal API: agents, metadata services, console proxies, the doctor.

Everything needs the service role.  What an agent sends is checked as strangers'
bodies are: a broken agent must not break the control plane.
"""

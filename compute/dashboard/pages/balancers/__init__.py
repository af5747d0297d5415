"""Load balancers, with their listeners, policies and pools."""

"""Launch templates: what is kept of them, and what an order makes of one."""

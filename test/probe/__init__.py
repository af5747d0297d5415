"""Real processes, real faults, a running load, and a ledger of what was promised."""

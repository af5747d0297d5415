"""How much room a quota leaves, for one upload beside all others."""

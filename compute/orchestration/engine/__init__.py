"""Does what stacks are to become: one job for each stack at work."""

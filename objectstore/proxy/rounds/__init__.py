"""Which nodes hold a name, and asking them until enough have answered."""

"""Where series are kept: rows of SQL, and objects in the ring."""

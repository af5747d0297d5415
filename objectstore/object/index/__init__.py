"""The index of one device: which objects it holds, as a view of the log."""

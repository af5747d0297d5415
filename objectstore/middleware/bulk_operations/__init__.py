"""Many operations in one request: archives uploaded, lists deleted, the report."""

"""What belongs to a project as a whole: quotas, tags, shares, its own topology."""

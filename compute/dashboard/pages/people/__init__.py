"""People, projects and quotas, for administrators."""

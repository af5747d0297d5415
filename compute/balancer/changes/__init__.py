"""What creating, changing and deleting mean: one file for each kind of thing."""

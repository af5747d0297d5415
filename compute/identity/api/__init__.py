"""Identity's HTTP: one file for each subject."""

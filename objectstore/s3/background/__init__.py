"""What the S3 face does without being asked: shared ground of its steps."""

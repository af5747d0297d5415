"""What is to be done next with a stack's resources.  Pure."""

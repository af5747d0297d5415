"""The host as it is: seen in kernel, files and processes, and changed."""

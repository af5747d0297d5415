"""WSGI filters, one to a file; each docstring is its manual page."""

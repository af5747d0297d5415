"""Requests that a signature allows: URLs and forms (``tempurl``, ``formpost``)."""

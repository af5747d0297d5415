"""WSGI filters, one to a file; its docstring is its manual page (``order``: who
stands where).  Filters know the kernel and the wire records, never the proxy."""

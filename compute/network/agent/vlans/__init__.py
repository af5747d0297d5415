"""Which way the frames of trunks go, and the kernel's programs for it.  Pure."""

"""Where the bytes of volumes are: one port, a real driver and one in memory."""

"""The S3 face over sockets, driven by unmodified clients."""

"""Objects' bytes on a device: files of their own, or in the log; read and checked."""

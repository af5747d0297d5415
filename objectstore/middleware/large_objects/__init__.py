"""What static and dynamic large objects are made of: manifests, segments, reading."""

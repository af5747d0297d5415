"""What the volume host does: durable jobs, each a saga."""

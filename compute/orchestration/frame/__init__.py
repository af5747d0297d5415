"""What resource types are written with: base class, properties, what is given."""

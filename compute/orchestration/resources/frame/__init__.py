"""What the resource types of rooms share: schemas, names to ids, one thing's life."""

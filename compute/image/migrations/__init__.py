"""How the image room's tables came to be: alembic revisions."""

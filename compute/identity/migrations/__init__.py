"""How the identity room's tables came to be: alembic revisions."""

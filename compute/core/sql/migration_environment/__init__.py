"""What alembic runs migrations in."""

"""Alembic's entry: run the migrations on the connection that ``upgrade`` gives."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,
    # All of them or none, with the lock held from before to after.
    transaction_per_migration=False,
)
context.run_migrations()

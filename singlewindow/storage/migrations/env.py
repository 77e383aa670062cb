"""Alembic's entry: migrate the engine that `singlewindow.storage.engine.migrate` hands over."""

from alembic import context

from singlewindow.storage.tables import metadata

with context.config.attributes["engine"].connect() as connection:
    # Each migration is a transaction: none holds the locks of the one before while it waits for its own.
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()

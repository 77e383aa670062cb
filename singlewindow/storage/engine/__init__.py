"""Access to the database: connections, many rows at once, ids, row security, migrations and backups."""

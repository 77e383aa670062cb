"""How the database is reached: connections, many rows at once, ids, row security, migrations and backups."""

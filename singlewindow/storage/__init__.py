"""The truth, in SQL: tables, migrations, and one module of verbs per aggregate, on PostgreSQL and on SQLite alike."""

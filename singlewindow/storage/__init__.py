"""The record in SQL: tables, migrations, and one module of functions per aggregate, for PostgreSQL and SQLite alike."""

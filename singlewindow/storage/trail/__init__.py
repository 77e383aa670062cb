"""The event trail: what happened, chained so that nobody can alter it unnoticed, and compared with the record."""

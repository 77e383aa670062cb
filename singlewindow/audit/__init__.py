"""The audit trail: chained events, signed checkpoints, and a check that needs no database."""

"""The audit trail as an auditor meets it: chained events, signed checkpoints, and the check that needs no database."""

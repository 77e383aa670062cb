"""Everything that is read: status, timeline, feeds, notices, release times, the audit trail, and who read what."""

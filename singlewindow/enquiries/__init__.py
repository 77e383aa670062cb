"""Everything that readers may ask for: status, timeline, feeds, notices, release times, the audit trail."""

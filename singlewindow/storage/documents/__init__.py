"""Supporting documents in the record: which there are, and what parties answered when they were asked for some."""

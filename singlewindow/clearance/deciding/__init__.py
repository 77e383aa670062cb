"""From open questions to one decision: ask the agencies, write their answers, and merge them when the last is in."""

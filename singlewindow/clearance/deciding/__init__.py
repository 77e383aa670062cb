"""From open questions to one decision: agencies are asked, their answers written, and merged when the last is in."""

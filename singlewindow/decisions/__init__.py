"""From the agencies' answers to one decision: pure, total and independent of order."""

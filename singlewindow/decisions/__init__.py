"""From the agencies' answers to one decision: pure, total and order-free."""

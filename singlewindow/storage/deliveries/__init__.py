"""What is sent: subscriptions with their secrets, messages that wait for a further attempt, and attempts of late."""

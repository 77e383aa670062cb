"""What happens to a declaration besides its decision: requests, arrival, and what happens if nothing happens."""

"""What waits for officers: questions, requests, inspections."""

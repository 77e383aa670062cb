"""Faults of every kind, put into a running service from outside; what each must come to is in README.md here."""

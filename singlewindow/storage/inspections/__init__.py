"""Inspections: orders and their slots, what officers record, and what becomes of the items."""

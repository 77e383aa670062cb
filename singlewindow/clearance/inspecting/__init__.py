"""Inspections: one for each decision that asks for controls; officers record results, and the goods follow."""

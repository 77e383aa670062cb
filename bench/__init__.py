"""Measurements: ratios within one run, never tests with a time in them."""

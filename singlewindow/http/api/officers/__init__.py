"""Calls of officers: questions that they answer, and inspections."""

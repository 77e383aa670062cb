"""Writes a declaration's XML and JSON, responses to traders, the schemas, and the page made from the element table."""

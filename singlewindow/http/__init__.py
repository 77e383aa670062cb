"""What the outside calls: one table of routes, thin handlers, one shape of error, documents made from the table."""

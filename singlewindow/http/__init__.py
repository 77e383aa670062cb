"""The HTTP interface: one table of routes, thin handlers, one shape of error, documentation made from the table."""

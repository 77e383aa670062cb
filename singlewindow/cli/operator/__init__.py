"""Commands for the operator: run the service, look after it, and say who may do what."""

"""Commands for the operator: run the service, look after it, and set who may do what."""

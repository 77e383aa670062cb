"""Commands for traders and brokers: validate and lodge declarations."""

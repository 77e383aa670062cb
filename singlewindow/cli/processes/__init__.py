"""The processes of the service: all of them with `up`, or each by itself under a service manager."""

"""The calls of the API, one module for each kind: thin handlers over the use cases and the enquiries."""

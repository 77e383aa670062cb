"""From bytes to a stored declaration: read, validate, admit, and write it together with others."""

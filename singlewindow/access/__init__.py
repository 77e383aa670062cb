"""Who may call, and as whom: keys, callers and roles."""

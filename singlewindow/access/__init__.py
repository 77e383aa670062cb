"""Who may call, and as whom: keys, principals and roles."""

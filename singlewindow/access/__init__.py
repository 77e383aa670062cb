"""Who may call, as whom, and how much: keys, roles, mandates, permissions, limits and quotas."""

"""Who may call, for whom, and how often: keys, roles, mandates, permissions, limits and quotas."""

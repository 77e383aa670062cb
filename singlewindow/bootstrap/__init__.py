"""The only place that chooses implementations: it builds what workers and web processes use from the settings."""

"""The only place that chooses implementations: settings in; out comes what workers ask with and the web serves with."""

"""Release times: what happened to declarations, how long each step took, who was responsible, and the figures."""

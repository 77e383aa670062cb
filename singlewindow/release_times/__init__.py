"""Release times: what happened to declarations, how long each step took and at whose desk, and the study's figures."""

"""A record of its own to rehearse in: words in the reference choose what agencies and officers do."""

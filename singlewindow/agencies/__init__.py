"""An agency as configured: when it is asked, what the law lets it see, and how long it has."""

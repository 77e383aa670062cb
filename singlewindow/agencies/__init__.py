"""What an agency is: when it is asked, what the law lets it see, how long it has; read from its configuration."""

"""What every bench stands on: servers, documents, a client that talks to the sides, and counted processor time."""

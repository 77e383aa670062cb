"""Requests about a declaration that is already lodged: reading them, applying an amendment, naming what differs."""

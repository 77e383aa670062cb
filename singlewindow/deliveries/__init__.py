"""Notices and feeds that are sent to whoever subscribed: a row first, sent by a deliverer, never in a request."""
